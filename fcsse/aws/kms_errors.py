"""KMS's own refusals in this project's errors.

Source: KMS API reference, the errors of PutKeyPolicy, CreateGrant and DescribeKey.
"""

from __future__ import annotations

from fcsse.advice import BY_GRANT, BY_POLICY, PROFILE, REGION, advice
from fcsse.arn import key_arn
from fcsse.aws.named_call import Call
from fcsse.errors import (
    FcsseError,
    ImpossibleError,
    NotFoundError,
    NotVisibleError,
    PolicyFullError,
    PolicyRefusal,
    PolicyRefusedError,
)

SEEN_LATER = "KMS may not see a new role yet: run the command again in a few minutes."


def from_kms(code: str, message: str, call: Call) -> FcsseError | None:
    """The error for an answer of KMS with this code; None where the code is not one of KMS's own."""
    match code:
        case "MalformedPolicyDocumentException":
            return _refused_document(code, message, call)
        case "InvalidArnException":
            return _refused_arn(code, message, call)
        case "LimitExceededException":
            return PolicyFullError(
                f"{call.opening}: KMS's limit is reached: {message}",
                advice(
                    "A key policy holds 32,768 bytes and a key 50,000 grants. Remove what is no longer needed, or take the "
                    "other route (",
                    BY_GRANT,
                    ", ",
                    BY_POLICY,
                    ").",
                ),
            )
        case "UnsupportedOperationException":
            return ImpossibleError(
                f"{call.opening}: KMS does not do that on this key: {message}",
                "An AWS managed key cannot be edited: set the bucket's default encryption to a customer managed key.",
            )
        case "DisabledException":
            return ImpossibleError(
                f"{call.opening}: the key is disabled ({message})", f"Enable it: {_command('enable-key', call)}"
            )
        case "KMSInvalidStateException":
            return ImpossibleError(
                f"{call.opening}: the key's state does not allow it ({message})",
                f"See the key's state with: {_command('describe-key', call)}",
            )
        case _:
            return None


def _refused_document(code: str, message: str, call: Call) -> FcsseError:
    if "invalid principals" in message or not message:
        # Without words it was seen for principals that were too new. Source: terraform issue 8562.
        return NotVisibleError(f"{call.opening}: KMS answered {code}: {message}", SEEN_LATER)
    if "invalid service principals" in message:
        return PolicyRefusedError(
            f"{call.opening}: KMS refused the document: {message}",
            "A service principal in it does not exist in this Region, or belongs to a Region that is not enabled.",
            PolicyRefusal.SERVICE_PRINCIPALS,
        )
    if "update the key policy in the future" in message:
        return PolicyRefusedError(
            f"{call.opening}: KMS's lockout check refused it: {message}",
            advice(
                "The key policy must go on allowing you kms:PutKeyPolicy: have its owner add a statement that does "
                "(normally the account's root statement), or link with ",
                BY_GRANT,
                ". fcsse never bypasses this check.",
            ),
            PolicyRefusal.LOCKOUT,
        )
    return PolicyRefusedError(
        f"{call.opening}: KMS refused the document: {message}",
        'A statement that was there before may be the reason: KMS wants an Action and Resource "*" in each.',
    )


def _refused_arn(code: str, message: str, call: Call) -> FcsseError:
    """KMS found an ARN invalid: of the grantee, in the document, or of the key."""
    if call.action == "kms:CreateGrant":
        return NotVisibleError(f"{call.opening}: KMS answered {code}: {message}", SEEN_LATER)
    if call.action == "kms:PutKeyPolicy":
        # Source: aws-samples/aws-cross-account-cicd-pipeline issue 35.
        return PolicyRefusedError(
            f"{call.opening}: KMS refused the document: {code}: {message}",
            "An ARN in it is none, for instance one without an account id: correct or remove it.",
            PolicyRefusal.ARNS,
        )
    if call.action.partition(":")[2].startswith(("Describe", "Get", "List")):
        # Nothing that is there has such a name: what was asked for cannot be found.
        return NotFoundError(
            f"{call.opening}: not found: KMS answered {code}: {message}",
            advice("Check the key's ARN, ", PROFILE, " and ", REGION, "."),
        )
    return ImpossibleError(f"{call.opening}: KMS answered {code}: {message}", "Check the key's ARN.")


def _command(name: str, call: Call) -> str:
    """An AWS CLI command about the key that a call was made on."""
    key = key_arn(call.resource)
    return f"aws kms {name} --key-id {key} --region {key.region}" if key else f"aws kms {name}"
