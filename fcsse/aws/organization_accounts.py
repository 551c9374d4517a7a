"""AWS Organizations: the accounts of the caller's organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fcsse.advice import ACCOUNTS, advice
from fcsse.aws.checked_call import pages
from fcsse.aws.errors import error_code, error_message, translated
from fcsse.aws.named_call import Call
from fcsse.errors import DeniedError, ImpossibleError
from fcsse.model import Member

if TYPE_CHECKING:
    from botocore.client import BaseClient

DOING = "listing the accounts of the organization"


def list_member_accounts(client: BaseClient) -> tuple[Member, ...]:
    """Every account of the organization, in the order of their ids; each once.

    Works in the management account and for delegated administrators. ``State`` has replaced ``Status``, which older
    endpoints answer alone. Raises ``DeniedError``, ``ImpossibleError`` where the account is in no organization, and
    ``BusyError`` where AWS throttles every try. Source: AWS Organizations API reference, ListAccounts.
    """
    found: dict[str, Member] = {}
    with translated(Call("organizations:ListAccounts", "", DOING)):
        try:
            for page in pages(client, "ListAccounts"):
                for one in page["Accounts"]:
                    state = one.get("State") or one["Status"]
                    found[one["Id"]] = Member(one["Id"], one.get("Name", ""), state)
        except ClientError as error:
            if error_code(error) == "AWSOrganizationsNotInUseException":
                message = f"{DOING}: the caller's account is in no organization"
                raise ImpossibleError(
                    message,
                    advice("Use credentials of an organization's account, or name the accounts with ", ACCOUNTS, "."),
                ) from error
            if error_code(error) == "AccessDeniedException":
                raise _denied(error) from error
            raise
    return tuple(found[account] for account in sorted(found))


def _denied(error: ClientError) -> DeniedError:
    said = error_message(error)
    return DeniedError(
        f"{DOING}: access denied",
        advice(
            "Run it in the management account or as a delegated administrator, with organizations:ListAccounts allowed; or "
            "name the accounts with ",
            ACCOUNTS,
            ".",
        ),
        action="organizations:ListAccounts",
        resource="*",
    ).quoting(said)
