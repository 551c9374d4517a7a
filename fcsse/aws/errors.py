"""AWS's refusals in this project's errors. botocore's exceptions stop here.

Sources: the common errors of the IAM, KMS, S3 and FSx API references, and the messages that IAM's troubleshooting
page "access denied error messages" lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from fcsse.advice import ENDPOINT_URL, PROFILE, REGION, advice
from fcsse.aws.call_deadline import OutOfTimeError
from fcsse.aws.checked_call import RejectedAnswerError, make_texts
from fcsse.aws.kms_errors import from_kms
from fcsse.aws.named_call import Call
from fcsse.aws.refused_calls import denied
from fcsse.errors import (
    BusyError,
    CredentialsError,
    FcsseError,
    NotAwsAnswerError,
    NotFoundError,
    UnexpectedError,
    UsageError,
)
from fcsse.masking import mask_exception, mask_here

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403", "AllAccessDisabled"}
_INCOMPLETE = "the signature is incomplete, as where access key id and secret key are mixed up"
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
    "IncompleteSignature": _INCOMPLETE,
    "IncompleteSignatureException": _INCOMPLETE,
    "MissingAuthenticationToken": "none were sent",
    "AuthFailure": "AWS does not accept them",
    "OptInRequired": "the account is not signed up for this service or Region",
}
_UNKNOWN_CREDENTIALS = {
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "OptInRequired",
    "UnrecognizedClientException",
}
"""Those of them that a Region answers, too, that is off for the account; none says that credentials have expired."""
RENEWAL = "SignInHint"
"""The member that ``sessions`` adds to an answer that refuses the credentials: the command that renews them."""

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
        if isinstance(error, boto.ClientError):
            make_texts(error)
            told = error.response["Error"]
            told["Message"] = mask_here(told["Message"])  # before its lines are joined: a token may be broken into some
        raise


def error_code(error: boto.ClientError) -> str:
    """The error's code, such as ``AccessDenied``."""
    return str(error.response.get("Error", {}).get("Code") or "")


def error_message(error: boto.ClientError) -> str:
    """AWS's own message, on one line."""
    text = " ".join(str(error.response.get("Error", {}).get("Message") or "").split())
    # Proxies and load balancers answer in HTML, which says nothing to anybody here.
    return "an HTML page" if text.lower().startswith(("<!doctype", "<html")) else text


def from_client_error(error: boto.ClientError, call: Call) -> FcsseError:
    """This project's error for an answer of AWS that is a refusal."""
    code, message = error_code(error), error_message(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{code}: {message}" if message else code
    if code in CREDENTIAL_CODES:
        refused = CredentialsError(
            f"{call.opening}: the credentials were refused: {CREDENTIAL_CODES[code]}",
            str(error.response.get(RENEWAL) or "Renew them (aws sso login, aws login, or the job's role)."),
        )
        refused.unknown_to_aws = code in _UNKNOWN_CREDENTIALS
        return refused.quoting(said)
    if code in _DENIED:
        return denied(message, said, call)
    kms = from_kms(code, message, call)
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
