"""What can go wrong, as one family: each error has a code, an exit code, a message and a hint.

The message reads *verb-ing Thing (id): reason*; the hint says what to do next. A class of its own exists only
where the advice or the exit code differs. Exit codes are part of the command line's contract.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar, NamedTuple, Self

from fcsse.advice import Advice, advice
from fcsse.masking import mask_here
from fcsse.text import capitalized, listed

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_PENDING = 3
EXIT_IMPOSSIBLE = 4
EXIT_DENIED = 5
EXIT_NOT_FOUND = 6
EXIT_CHANGED = 7
EXIT_UNCONFIRMED = 8
EXIT_INTERRUPTED = 130
EXIT_NO_READER = 141
"""The reader closed the pipe (``| head``). 141 is what shells report for SIGPIPE."""


def _masked(text: str) -> str:
    shown = mask_here(text)
    if isinstance(text, Advice):
        shown = Advice(shown)
        shown.api = mask_here(text.api)
    return shown


class FcsseError(Exception):
    """Anything that fcsse reports instead of doing what was asked.

    ``message`` names the thing and the reason, ``hint`` the next step (it may be empty). Secrets that AWS's words or a URL
    hold are masked in both. ``reason`` is the message without ``doing``, what was being done; the same where that was not
    told apart.
    ``code`` is a stable word for programs; ``exit_code`` is what the command line ends with.
    """

    code: ClassVar[str] = "unexpected"
    exit_code: ClassVar[int] = EXIT_UNEXPECTED

    def __init__(self, message: str, hint: str = "", *, doing: str = "") -> None:
        self.reason = mask_here(message)
        message, hint = _masked(advice(f"{doing}: ", message) if doing else message), _masked(hint)
        super().__init__(message)
        self.message = message
        self.aws_text = ""
        """AWS's own words, with which ``message`` ends, in parentheses; see ``quoting``."""
        self.own_text = message
        """``message`` without AWS's words."""
        self._hint = ""
        self.hint = hint
        self.result: object = None
        """What was done for other pairs, where a library call went on with them."""
        self.repeated = False
        """Was the refused request sent before, without a clear answer? Then that attempt may have been carried out."""

    def quoting(self, text: str) -> Self:
        """This error, with what AWS answered added: in parentheses, or where lines are printed, on one of its own."""
        self.aws_text = mask_here(text)
        if text:
            self.reason = f"{self.reason} ({self.aws_text})"
            self.message = f"{self.own_text} ({self.aws_text})"
            self.args = (self.message,)
        return self

    def adding(self, text: str) -> None:
        """Ends the message with one more clause, before AWS's words, wherever it is shown."""
        self.own_text = advice(self.own_text, text)
        self.reason = f"{self.reason}{text}"
        self.message = f"{self.own_text} ({self.aws_text})" if self.aws_text else self.own_text
        self.args = (self.message,)

    @property
    def hint(self) -> str:
        """What to do next; it may be empty. A traceback prints it below the message, as a note."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        notes = [note for note in getattr(self, "__notes__", ()) if note != self._hint]
        self._hint = hint
        self.__notes__ = [*notes, hint] if hint else notes

    def __str__(self) -> str:
        return self.message


class UnexpectedError(FcsseError):
    """AWS or this machine did something that no other class stands for: an unreachable endpoint, a full disk. Exit code 1.

    Before a write it means that nothing was written; the message says so where a write may have been under way.
    """


class NotAwsAnswerError(UnexpectedError):
    """An answer that lacks what AWS always sends: of a proxy, a sign-in page, or a connection that broke off.

    Nothing follows from it: where a refusal of AWS leaves a fact unknown and the rest can go on, this ends the run.
    """

    carried_out: bool = False
    """Was a request carried out that was sent with KMS's ``DryRun``? Some simulators of AWS pass that over."""


class UsageError(FcsseError):
    """Invalid arguments: a malformed id, or options that contradict each other. Nothing was asked of AWS. Exit code 2."""

    code = "usage"
    exit_code = EXIT_USAGE


class ImpossibleError(FcsseError):
    """What was asked for cannot be done as things stand in AWS; the hint names the way out. Trying again changes nothing. Exit code 4."""

    code = "impossible"
    exit_code = EXIT_IMPOSSIBLE


class PolicyFormatError(ImpossibleError):
    """A key policy that is not the JSON document KMS documents: no JSON, no object, or without statements.

    Source: KMS developer guide, "Key policies in AWS KMS".
    """

    code = "policy-format"


class PolicyRefusal(Enum):
    """What KMS refuses a key policy for. DOCUMENT: anything that no other member stands for."""

    PRINCIPALS = auto()
    SERVICE_PRINCIPALS = auto()
    ARNS = auto()
    LOCKOUT = auto()
    DOCUMENT = auto()


class PolicyRefusedError(ImpossibleError):
    """KMS refuses the new document, and waiting does not help. ``cause``: for a principal that no longer exists, because the
    caller would lock itself out, or for a statement. The policy stays as it was.

    Source: KMS API reference, PutKeyPolicy (MalformedPolicyDocumentException, BypassPolicyLockoutSafetyCheck).
    """

    code = "policy-refused"

    def __init__(self, message: str, hint: str = "", cause: PolicyRefusal = PolicyRefusal.DOCUMENT) -> None:
        super().__init__(message, hint)
        self.cause = cause


class PolicyFullError(ImpossibleError):
    """The policy would pass the 32,768 bytes that KMS accepts, or the key has its 50,000 grants.

    Source: KMS developer guide, "Resource quotas".
    """

    code = "policy-full"


class DenyingPolicy(Enum):
    """The kind of policy that holds an explicit Deny, in the words of IAM's pages. SOME: AWS does not say which."""

    SERVICE_CONTROL = "a service control policy (SCP)"
    RESOURCE_CONTROL = "a resource control policy (RCP)"
    RESOURCE = "the resource's own policy"
    IDENTITY = "the caller's IAM policy"
    BOUNDARY = "the caller's permissions boundary"
    SESSION = "the policy of the caller's session"
    VPC_ENDPOINT = "a VPC endpoint policy"
    SOME = "a policy that AWS does not name"


class NeededPermission(NamedTuple):
    """What a refused caller needs: ``actions`` on ``resource`` (empty: of no resource), in ``policy``.

    ``caller`` is its ARN, empty where AWS does not say it. ``denied_by``: the kind of policy whose explicit Deny refuses it.
    """

    actions: tuple[str, ...]
    resource: str
    policy: str
    caller: str = ""
    denied_by: DenyingPolicy | None = None

    @property
    def remedy(self) -> str:
        """What to do, as a sentence or two. Secrets that AWS's words hold are masked."""
        asked = listed(self.actions)
        on = f" on {self.resource}" if self.resource else ""
        if self.denied_by is None:
            return mask_here(f"{self.caller or 'The caller'} needs {asked}{on}, in {self.policy}.")
        own = self.denied_by in (DenyingPolicy.IDENTITY, DenyingPolicy.BOUNDARY, DenyingPolicy.SESSION)
        excluded = asked if own else self.caller or "the caller"
        return mask_here(
            f"{capitalized(self.denied_by.value)} denies {asked}{on}, and an explicit Deny wins over every Allow. Exclude "
            f"{excluded} from that Deny."
        )


class DeniedError(FcsseError):
    """The caller lacks a permission. ``action`` is the IAM action, ``resource`` what it was refused on, an ARN or ``*``;
    both are empty where AWS names none. Exit code 5.

    ``denied_by`` is set where an explicit Deny stands in the way, which no Allow helps against. ``needed`` is what the hint
    says, where it says nothing else.
    """

    code = "denied"
    exit_code = EXIT_DENIED
    names_all_permissions: ClassVar[bool] = False
    """Does the hint say already how to see all permissions that the command needs?"""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        action: str = "",
        resource: str = "",
        denied_by: DenyingPolicy | None = None,
        doing: str = "",
        needed: NeededPermission | None = None,
    ) -> None:
        super().__init__(message, hint, doing=doing)
        self.action = action
        self.resource = resource
        self.denied_by = denied_by
        self.needed = needed


class CredentialsError(FcsseError):
    """No usable credentials: none found, expired, or not valid here. Nobody was refused anything, so it is no denial.

    The hint says how to sign in again with what the profile uses. Exit code 5.
    """

    code = "credentials"
    exit_code = EXIT_DENIED
    unknown_to_aws = False
    """Did AWS answer that it does not know them? A Region that is off for the account answers so about any credentials."""


class NotFoundError(FcsseError):
    """A cache, role, bucket, key, event or backup that is not there, or is in another account or Region. Exit code 6."""

    code = "not-found"
    exit_code = EXIT_NOT_FOUND


class ChangedError(FcsseError):
    """The plan is not the expected one, or others kept changing the policy until the tries ran out. Exit code 7.

    Look at the new plan, then try again.
    """

    code = "changed"
    exit_code = EXIT_CHANGED


class UnconfirmedError(FcsseError):
    """Written, but KMS did not show it in time (``Settings.wait``); most often it does a little later. Exit code 8.

    The backup, where there is one, is named in the message. Source: KMS developer guide, "Eventual consistency".
    """

    code = "unconfirmed"
    exit_code = EXIT_UNCONFIRMED


class InterruptedRunError(FcsseError):
    """Stopped by the user or a signal; the message says whether anything was written. Exit code 130."""

    code = "interrupted"
    exit_code = EXIT_INTERRUPTED


class NotVisibleError(NotFoundError):
    """KMS does not see a principal of the policy or grant (yet), which passes by itself for a role minutes old.

    It is raised once ``Settings.wait`` is over. Source: IAM user guide, "Changes that I make are not always immediately visible".
    """

    code = "not-visible"


class BusyError(FcsseError):
    """Throttling or a passing failure inside AWS that outlasted botocore's retries: try again later. Exit code 1."""

    code = "busy"
