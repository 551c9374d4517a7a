"""The organization that the caller's account is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fcsse.aws.checked_call import call as ask
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call

if TYPE_CHECKING:
    from botocore.client import BaseClient


def find_organization(client: BaseClient) -> str:
    """The id (``o-…``) of the caller's organization; empty where its account is in none.

    Every member account may ask. Raises ``DeniedError``. Source: AWS Organizations API reference, DescribeOrganization.
    """
    with translated(Call("organizations:DescribeOrganization", "", "asking which organization the account is in")):
        try:
            found: str = ask(client, "DescribeOrganization")["Organization"]["Id"]
        except ClientError as error:
            if error_code(error) == "AWSOrganizationsNotInUseException":
                return ""
            raise
    return found
