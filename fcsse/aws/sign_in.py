"""Signing in: credentials are found as botocore finds them; where there are none, the error names the command that helps.

Sources: AWS SDKs and tools reference guide, "Standardized credential providers"; botocore's ``credentials`` module.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from botocore import exceptions as boto

from fcsse.aws.checked_call import hide
from fcsse.aws.credential_origin import CONTAINER, KIND_OF_METHOD, Kind, Origin, origin_of, renewal
from fcsse.aws.errors import CREDENTIAL_CODES, error_code, error_message, from_client_error, from_local_error
from fcsse.aws.named_call import Call
from fcsse.errors import CredentialsError, FcsseError
from fcsse.masking_rules import HIDDEN

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.credentials import Credentials
    from botocore.hooks import BaseEventHooks

    Profiles = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class SignIn:
    """The credentials of one session.

    ``profile`` is the one that was named by an option, the environment or the caller's session; None: the default one.
    ``load`` finds the credentials, or answers None. ``read_config`` answers what the AWS config files hold, as
    botocore's ``Session.full_config``. ``environment_first``: credentials in the environment come before the profile.
    """

    profile: str | None
    load: Callable[[], Credentials | None]
    read_config: Callable[[], Mapping[str, Any]]
    environment_first: bool = True
    _found: Credentials | None = None
    _fetched: bool = False
    _failure: FcsseError | None = None
    _sent: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, events: BaseEventHooks) -> None:
        """Notes the secrets in what the session's own clients send to fetch credentials: an answer may repeat them."""
        for service in ("signin", "sso", "sso-oidc", "sts"):
            events.register(f"before-send.{service}", self._note)

    def _note(self, request: AWSPreparedRequest, **_: object) -> None:
        self._sent.update(value for value in _secrets_sent(request) if len(value) >= SHORTEST_SENT)

    def find(self) -> Credentials:
        """The credentials, which may have to be fetched yet. Raises as ``check`` does."""
        with self._once():
            if self._found is None:
                self._found = self.load()
            if self._found is None:
                raise boto.NoCredentialsError
            return self._found

    def check(self) -> None:
        """Makes sure that the next request can be signed: fetches credentials, or renews those about to run out.

        Raises ``CredentialsError``, ``DeniedError`` (a role that may not be assumed), and what else a call to AWS can.
        """
        found = self.find()
        if self._fetched:
            with self.explained():
                found.get_frozen_credentials()
            return
        with self._once():
            found.get_frozen_credentials()
            self._fetched = True

    @contextmanager
    def _once(self) -> Iterator[None]:
        """One thread at a time, until one has failed: then all do, and nobody is asked for an MFA code again."""
        with self._lock:
            if self._failure:
                raise self._failure
            try:
                with self.explained():
                    yield
            except FcsseError as error:
                self._failure = error
                raise

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns whatever is raised while credentials are looked for into this project's errors."""
        try:
            yield
        except FcsseError:
            raise
        except (boto.CredentialRetrievalError, ValueError, OSError) as error:
            # Their text is what a credential_process wrote, or how it is called, which may be a secret: not even -vv shows it.
            raise self.explain(error) from None
        except Exception as error:  # files of any content, programs and endpoints of others
            if isinstance(error, boto.ClientError):
                hide(error, self._sent)
            raise self.explain(error) from error

    def mfa_serial(self) -> str:
        """The MFA device whose code will be asked for; empty where none will."""
        if self.environment_first and os.environ.get("AWS_ACCESS_KEY_ID"):
            return ""
        return self.origin().mfa_serial

    @property
    def may_ask(self) -> bool:
        """May finding these credentials once more ask somebody: for an MFA code, or what a ``credential_process`` asks for?"""
        return bool(self.mfa_serial()) or self.origin().kind is Kind.PROCESS

    def origin(self) -> Origin:
        """Where the credentials come from, as far as the config files say."""
        found = KIND_OF_METHOD.get(getattr(self._found, "method", None) or "")
        if found:
            return Origin(found, self.profile)
        if self._found is None and self.environment_first:
            if os.environ.get("AWS_ACCESS_KEY_ID"):
                return Origin(Kind.ENVIRONMENT, self.profile)
            if os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
                return Origin(Kind.WEB_IDENTITY, self.profile)
        try:
            profiles = self.read_config().get("profiles", {})
        except boto.BotoCoreError:
            profiles = {}
        origin = origin_of(profiles, self.profile)
        if origin.kind is Kind.NONE and any(name.startswith(CONTAINER) for name in os.environ):
            return origin._replace(kind=Kind.CONTAINER)
        return origin

    @property
    def opening(self) -> str:
        """How an error message about signing in begins."""
        return f"signing in with AWS profile {self.profile}" if self.profile else "signing in to AWS"

    def without_terminal(self, mfa_serial: str) -> CredentialsError:
        """The error for a profile that needs an MFA code, where nobody can be asked for one."""
        option = Origin(Kind.NONE, self.profile).option
        return CredentialsError(
            f"{self.opening}: the role needs a code of MFA device {mfa_serial}, and there is no terminal to ask for it",
            "Run the command in a terminal. Or sign in there, and hand the session over in environment variables (then "
            f"without --profile): aws configure export-credentials{option} --format env",
        )

    def explain(self, error: Exception) -> FcsseError:
        """This project's error for what was raised while credentials were looked for."""
        origin = self.origin()
        reason, hint = _reason(error, origin)
        if reason is None:
            call = Call("sts:AssumeRole", origin.role, doing=self.opening)
            match error:
                case boto.ClientError():
                    return from_client_error(error, call)
                case boto.BotoCoreError():
                    return from_local_error(error, call)
            # Of other errors only the kind is told: their text may be a program's or an endpoint's answer.
            reason = _of_the_machine(error, origin)
        return CredentialsError(f"{self.opening}: no usable AWS credentials: {reason}", hint or renewal(origin))


SHORTEST_SENT = 6
"""Characters that what was sent has at least to be hidden: that of an MFA code."""

_HEADERS = ("x-amz-sso_bearer_token", "X-Amz-Security-Token")
_FIELDS = frozenset(
    [
        "WebIdentityToken",
        "ExternalId",
        "SAMLAssertion",
        "TokenCode",
        "clientSecret",
        "refreshToken",
        "deviceCode",
        "code",
        "codeVerifier",
        "assertion",
    ]
)
"""Members of requests that are secrets. Sources: STS, SSO and SSO OIDC API references."""


def _secrets_sent(request: AWSPreparedRequest) -> Iterator[str]:
    """The secrets in a request for credentials."""
    for name in _HEADERS:
        value: str | bytes = request.headers.get(name) or ""
        yield value.decode("latin-1") if isinstance(value, bytes) else value
    body: object = request.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body if isinstance(body, str) else ""
    fields: object = parse_qsl(text)
    if text.startswith("{"):
        with suppress(ValueError):
            fields = list(json.loads(text).items())
    yield from (value for name, value in fields if name in _FIELDS and isinstance(value, str))  # type: ignore[attr-defined]


def _reason(error: Exception, origin: Origin) -> tuple[str | None, str]:
    """Why there are no credentials, and what helps where ``renewal`` does not. No reason: the error is no sign-in's."""
    text = " ".join(str(error).split())[:300]
    option, profile = origin.option, origin.profile or "default"
    match error:
        case boto.ProfileNotFound():
            return text, (
                f"List the profiles: aws configure list-profiles. Create this one: aws configure sso{option}, "
                f"aws login{option} or aws configure{option}"
            )
        case boto.MissingDependencyException():
            return (
                f"profile {profile} signs in with aws login, which needs botocore's crt extra",
                'Install it where fcsse is installed: pip install "botocore[crt]"',
            )
        case boto.LoginInsufficientPermissions():
            return text, "Allow signin:CreateOAuth2Token in the IAM policy of whoever signed in."
        case boto.LoginError():
            return text, renewal(origin._replace(kind=Kind.LOGIN))
        case boto.SSOError() | boto.TokenRetrievalError():
            return text, renewal(origin._replace(kind=Kind.SSO))
        case boto.RefreshWithMFAUnsupportedError():
            return "the session that began with an MFA code has ended", "Run the command again, with a new code."
        case EOFError():
            return "no MFA code was given", "Run the command again and enter the code that the MFA device shows."
        case boto.PartialCredentialsError():
            missing, provider = error.kwargs.get("cred_var", ""), error.kwargs.get("provider", "")
            if provider == "env":
                return f"{missing} is not set", f"Set {missing} too, or unset the other AWS_ credential variables."
            return f"profile {profile} has no {missing}", f"Set both parts of the key: aws configure{option}"
        case boto.CredentialRetrievalError() if error.kwargs.get("provider") == "custom-process":
            return f"the credential_process of profile {profile} failed, or printed no valid credentials", ""
        case boto.CredentialRetrievalError() | boto.NoCredentialsError() | boto.MetadataRetrievalError():
            return text, ""
        case boto.InvalidIMDSEndpointError() | boto.InvalidIMDSEndpointModeError():
            return (
                text,
                "Correct the settings of the instance metadata service, such as AWS_EC2_METADATA_SERVICE_ENDPOINT.",
            )
        case boto.InvalidConfigError() | boto.UnknownCredentialError():
            if origin.kind is Kind.SSO:
                return text, f"Complete the profile's SSO settings: aws configure sso{option}"
            return text, "Correct the profile in ~/.aws/config, or in the file that AWS_CONFIG_FILE names."
        case boto.ConfigParseError() | boto.ConfigNotFound():
            return text, "Correct this file: each section begins with a line such as [profile NAME]."
        case boto.ClientError():
            return _refused(error, origin)
        case boto.BotoCoreError():
            return None, ""
        case _:
            return None, ""


def _refused(error: boto.ClientError, origin: Origin) -> tuple[str | None, str]:
    """As ``_reason``, for the answer of a service that credentials were fetched from."""
    code, message = error_code(error), error_message(error)
    operation, said = str(getattr(error, "operation_name", "")), f"{code}: {message}" if message else code
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or status == 429:
        return None, ""
    if operation == "GetRoleCredentials":
        return f"IAM Identity Center refused the profile's account and role ({said})", (
            f"Choose an account and a role that are assigned to you: aws configure sso{origin.option}"
        )
    if operation == "AssumeRoleWithWebIdentity":
        return f"the web identity token was refused ({said})", renewal(origin._replace(kind=Kind.WEB_IDENTITY))
    if "MultiFactorAuthentication failed" in message:
        return f"the MFA code was refused ({said})", "Run the command again, with the code that the device shows now."
    if code in CREDENTIAL_CODES:
        return f"those of its source were refused: {CREDENTIAL_CODES[code]} ({said})", ""
    return None, ""


def _of_the_machine(error: Exception, origin: Origin) -> str:
    """An error that is neither AWS's nor botocore's: a program or file that is not there, an answer that is no JSON."""
    if isinstance(error, OSError):
        # No shell runs a credential_process: in "VAULT_TOKEN=… vault get" the variable is taken for the program.
        name, assigned, _ = str(error.filename or "").partition("=" if origin.kind is Kind.PROCESS else "\0")
        shown = f"{name}={HIDDEN}" if assigned else name
        return f"{error.strerror or type(error).__name__}: {shown}" if shown else str(error)
    if origin.kind is Kind.CONTAINER and isinstance(error, ValueError):  # about the variables themselves
        return " ".join(str(error).split())[:300]
    return f"what was read is not in the form that AWS documents ({type(error).__name__})"
