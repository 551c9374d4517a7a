"""Who the caller is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.arn import Arn
from fcsse.aws.checked_call import call as ask
from fcsse.aws.errors import translated
from fcsse.aws.named_call import Call
from fcsse.errors import UnexpectedError

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def caller(sts: STSClient) -> Arn:
    """The caller's ARN, which carries account and partition. Needs no permission.

    Source: STS API reference, GetCallerIdentity.
    """
    with translated(Call("sts:GetCallerIdentity", doing="asking AWS who the caller is")):
        text = ask(sts, "GetCallerIdentity")["Arn"]
    arn = Arn.parse(text)
    if arn is None:
        message = f"asking AWS who the caller is: {text} is not an ARN"
        raise UnexpectedError(message)
    return arn
