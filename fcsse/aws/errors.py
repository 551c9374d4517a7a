"""AWS's refusals in this project's errors. botocore's exceptions stop here.

Sources: the common errors of the IAM, KMS, S3 and FSx API references, and the messages that IAM's troubleshooting
page "access denied error messages" lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from fcsse.advice import BY_GRANT, BY_POLICY, ENDPOINT_URL, PROFILE, REGION, advice
from fcsse.arn import key_arn
from fcsse.aws.call_deadline import OutOfTimeError
from fcsse.aws.checked_call import RejectedAnswerError
from fcsse.errors import (
    BusyError,
    CredentialsError,
    DeniedError,
    DenyingPolicy,
    FcsseError,
    ImpossibleError,
    NeededPermission,
    NotAwsAnswerError,
    NotFoundError,
    NotVisibleError,
    PolicyFullError,
    PolicyRefusal,
    PolicyRefusedError,
    UnexpectedError,
    UsageError,
)
from fcsse.masking import mask_exception

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403", "AllAccessDisabled"}
CREDENTIAL_CODES = {
    "ExpiredToken": "they have expired",
    "ExpiredTokenException": "they have expired",
    "RequestExpired": "they have expired, or this machine's clock is wrong",
    "InvalidClientTokenId": "AWS does not know them",
    "UnrecognizedClientException": "AWS does not know them",
    "InvalidAccessKeyId": "AWS does not know them",
    "InvalidToken": "the session token is not valid",
    "SignatureDoesNotMatch": "the secret key does not fit the access key",
    "InvalidSignatureException": "the secret key does not fit, or this machine's clock is wrong",
    "IncompleteSignature": "the signature is incomplete",
    "MissingAuthenticationToken": "none were sent",
    "AuthFailure": "AWS does not accept them",
    "OptInRequired": "the account is not signed up for this service or Region",
}
RENEWAL = "SignInHint"
"""The member that ``clients`` adds to an answer that refuses the credentials: the command that renews them."""

_MISSING = {
    "404",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "FileCacheNotFound",
    "FileSystemNotFound",
    "DataRepositoryAssociationNotFound",
}
_PASSING = {
    "DependencyTimeoutException",
    "KMSInternalException",
    "ProvisionedThroughputExceededException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "500",
    "502",
    "503",
    "504",
}


CHECK_ENDPOINT = advice("Check AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set.")

SEEN_LATER = "KMS may not see a new role yet: run the command again in a few minutes."


class Call(NamedTuple):
    """A call as people need to hear of it: the IAM action, what it is made on, and what it is made for.

    ``doing`` begins the message ("reading the policy of key …"); ``side`` says who can give the permission.
    """

    action: str
    resource: str = ""
    doing: str = ""
    side: str = "the caller's IAM policy"

    @property
    def opening(self) -> str:
        """How a message about this call begins."""
        return self.doing or (
            f"calling {self.action} on {self.resource}" if self.resource else f"calling {self.action}"
        )


_INSTEAD = advice(
    "Check AWS_ENDPOINT_URL or ",
    ENDPOINT_URL,
    " if one is set, and whether a proxy or a network's sign-in page answers in AWS's place.",
)


@contextmanager
def translated(call: Call) -> Iterator[None]:
    """Turns what botocore raises inside into this project's errors, each naming the call."""
    try:
        with _secrets_hidden():
            yield
    except boto.ClientError as error:
        refusal = from_client_error(error, call)
        refusal.repeated = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        raise refusal from error
    except boto.BotoCoreError as error:
        raise from_local_error(error, call) from error
    except RejectedAnswerError as error:
        raise NotAwsAnswerError(
            f"{call.opening}: not AWS's answer: what {error.endpoint} answers to {error.operation} {error.reason}",
            _INSTEAD,
        ) from error
    except OutOfTimeError as error:
        raise UnexpectedError(
            f"{call.opening}: no complete answer from AWS within {error.seconds:.0f} seconds",
            advice(
                "Check the network and the proxy, if there is one, and AWS_ENDPOINT_URL or ",
                ENDPOINT_URL,
                " if one is set.",
            ),
        ) from error
    except KeyError as error:
        raise NotAwsAnswerError(f"{call.opening}: not AWS's answer: it lacks {error}", _INSTEAD) from error
    except (ResponseParserError, ValueError) as error:
        # botocore raises ValueError for an endpoint that is no URL, and its parser's own class for garbage answers.
        text = " ".join(str(error).split())[:300]
        raise UnexpectedError(f"{call.opening}: {text}", CHECK_ENDPOINT) from error


@contextmanager
def _secrets_hidden() -> Iterator[None]:
    """Masks what is raised inside, which stays the cause of this project's error: callers may log it whole."""
    try:
        yield
    except Exception as error:
        mask_exception(error)
        raise


def error_code(error: boto.ClientError) -> str:
    """The error's code, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: boto.ClientError) -> str:
    """AWS's own message, on one line."""
    text = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    # Proxies and load balancers answer in HTML, which says nothing to anybody here.
    return "an HTML page" if text.lower().startswith(("<!doctype", "<html")) else text


def from_client_error(error: boto.ClientError, call: Call) -> FcsseError:
    """This project's error for an answer of AWS that is a refusal."""
    code, message = error_code(error), error_message(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{code}: {message}" if message else code
    if code in CREDENTIAL_CODES:
        return CredentialsError(
            f"{call.opening}: the credentials were refused: {CREDENTIAL_CODES[code]}",
            str(error.response.get(RENEWAL) or "Renew them (aws sso login, aws login, or the job's role)."),
        ).quoting(said)
    if code in _DENIED:
        return _denied(message, said, call)
    kms = _kms_error(code, message, call)
    if kms is not None:
        return kms
    if code in _MISSING:
        return NotFoundError(
            f"{call.opening}: not found", advice("Check its name or id, ", PROFILE, " and ", REGION, ".")
        ).quoting(said)
    if code in _PASSING or (not code and status >= 500):
        return BusyError(
            f"{call.opening}: AWS kept answering {said} to every try",
            "It usually passes: run the command again. AWS_MAX_ATTEMPTS raises the number of tries.",
        )
    return UnexpectedError(
        f"{call.opening}: AWS answered {said or f'HTTP {status}'}",
        "Run the command again; if it stays so, look the answer up in the API reference of the service.",
    )


_NAMED = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")


def _denied(message: str, said: str, call: Call) -> DeniedError:
    named = _NAMED.search(message)
    if named and named[1] != call.action:  # a service that asks another one on the caller's behalf
        call = call._replace(action=named[1], resource=(named[2] or call.resource).strip('",;.'))
    side = call.side
    if "no resource-based policy" in message:
        side = "the key policy" if call.action.startswith("kms:") else "the resource's policy"
    elif "no identity-based policy" in message:
        side = "the caller's IAM policy"
    elif "service control policy" in message or "resource control policy" in message:
        side = "the organization's control policies (SCP, RCP), which deny it"
    elif "permissions boundary" in message:
        side = "the caller's permissions boundary"
    elif "session policy" in message:
        side = "the policy of the caller's session"
    elif "VPC endpoint policy" in message:
        side = "the VPC endpoint's policy"
    elif "with an explicit deny" in message:
        side = "the policy with the explicit deny that AWS names"
    who = re.search(r"User: (\S+)", message)
    on = f" on {call.resource}" if call.resource else ""
    denied_by = _denying(message)
    needed = NeededPermission((call.action,), call.resource, side, who.group(1) if who else "", denied_by)
    return DeniedError(
        f"{call.opening}: the caller may not call {call.action}{'' if call.resource in call.opening else on}",
        needed.remedy,
        action=call.action,
        resource=call.resource,
        denied_by=denied_by,
        needed=needed,
    ).quoting(said)


_DENYING = {
    "service control policy": DenyingPolicy.SERVICE_CONTROL,
    "resource control policy": DenyingPolicy.RESOURCE_CONTROL,
    "resource-based policy": DenyingPolicy.RESOURCE,
    "identity-based policy": DenyingPolicy.IDENTITY,
    "permissions boundary": DenyingPolicy.BOUNDARY,
    "session policy": DenyingPolicy.SESSION,
    "VPC endpoint policy": DenyingPolicy.VPC_ENDPOINT,
}
"""How AWS names the policy. Source: IAM user guide, "Troubleshoot access denied error messages"."""


def _denying(message: str) -> DenyingPolicy | None:
    """Which policy denies it, where AWS says that an explicit Deny does."""
    _, explicit, rest = message.partition("explicit deny")
    if not explicit:
        return None
    return next((kind for words, kind in _DENYING.items() if words in rest), DenyingPolicy.SOME)


def _kms(command: str, call: Call) -> str:
    """An AWS CLI command about the key that a call was made on."""
    key = key_arn(call.resource)
    return f"aws kms {command} --key-id {key} --region {key.region}" if key else f"aws kms {command}"


def _kms_error(code: str, message: str, call: Call) -> FcsseError | None:
    match code:
        case "MalformedPolicyDocumentException" if "invalid principals" in message or not message:
            # Without words it was seen for principals that were too new. Source: terraform issue 8562.
            return NotVisibleError(f"{call.opening}: KMS answered {code}: {message}", SEEN_LATER)
        case "MalformedPolicyDocumentException" if "invalid service principals" in message:
            return PolicyRefusedError(
                f"{call.opening}: KMS refused the document: {message}",
                "A service principal in it does not exist in this Region, or belongs to a Region that is not enabled.",
                PolicyRefusal.SERVICE_PRINCIPALS,
            )
        case "MalformedPolicyDocumentException" if "update the key policy in the future" in message:
            return PolicyRefusedError(
                f"{call.opening}: KMS's lockout check refused it: {message}",
                advice(
                    "The key policy must go on allowing you kms:PutKeyPolicy: have its owner add a statement that does "
                    "(normally the account's root statement), or use ",
                    BY_GRANT,
                    ". fcsse never bypasses this check.",
                ),
                PolicyRefusal.LOCKOUT,
            )
        case "MalformedPolicyDocumentException":
            return PolicyRefusedError(
                f"{call.opening}: KMS refused the document: {message}",
                'A statement that was there before may be the reason: KMS wants an Action and Resource "*" in each.',
            )
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
                f"{call.opening}: the key is disabled ({message})", f"Enable it: {_kms('enable-key', call)}"
            )
        case "KMSInvalidStateException":
            return ImpossibleError(
                f"{call.opening}: the key's state does not allow it ({message})",
                f"See the key's state with: {_kms('describe-key', call)}",
            )
        case "InvalidArnException" if call.action == "kms:CreateGrant":
            return NotVisibleError(f"{call.opening}: KMS answered {code}: {message}", SEEN_LATER)
        case "InvalidArnException" if call.action == "kms:PutKeyPolicy":
            # Source: aws-samples/aws-cross-account-cicd-pipeline issue 35.
            return PolicyRefusedError(
                f"{call.opening}: KMS refused the document: {code}: {message}",
                "An ARN in it is none, for instance one without an account id: correct or remove it.",
                PolicyRefusal.ARNS,
            )
        case "InvalidArnException" if call.action.partition(":")[2].startswith(("Describe", "Get", "List")):
            # Nothing that is there has such a name: what was asked for cannot be found.
            return NotFoundError(
                f"{call.opening}: not found: KMS answered {code}: {message}",
                advice("Check the key's ARN, ", PROFILE, " and ", REGION, "."),
            )
        case "InvalidArnException":
            return ImpossibleError(f"{call.opening}: KMS answered {code}: {message}", "Check the key's ARN.")
        case _:
            return None


def from_local_error(error: boto.BotoCoreError, call: Call) -> FcsseError:
    """This project's error for a call that got no answer, or was never sent."""
    text = " ".join(str(error).split())
    match error:
        case boto.NoCredentialsError() | boto.CredentialRetrievalError() | boto.SSOError() | boto.LoginError():
            # Clients look for credentials before each call, see ``sign_in``; these were lost in between.
            return CredentialsError(
                f"{call.opening}: no usable AWS credentials: {text}", "Sign in again (aws sso login, aws login)."
            )
        case boto.NoRegionError():
            return UsageError(
                f"{call.opening}: no Region is set", advice("Name one with ", REGION, ", or set AWS_REGION.")
            )
        case boto.ParamValidationError():
            return UsageError(f"{call.opening}: {text}", "Check what was given.")
        case boto.InvalidRegionError() | boto.UnknownRegionError():
            return UsageError(f"{call.opening}: {text}", advice("Name a Region such as eu-west-1 with ", REGION, "."))
        case boto.HTTPClientError() | boto.ConnectionError():
            return UnexpectedError(
                f"{call.opening}: no answer from AWS: {text}",
                advice(
                    "Check the network, the Region's name, and AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set."
                ),
            )
        case _:
            return UnexpectedError(f"{call.opening}: {text}", "Check this machine's AWS settings and its network.")
