"""Every kind of finding: its code, how bad it is, its title, what helps, and whether a link fixes it. Pure.

A new finding is a row here and a function that finds it; ``audit --fix`` and every form of the answer follow. The rows stand
in the order in which findings of one severity are shown. Codes never change meaning.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How bad. HIGH: a cache fails now. MEDIUM: it may, or the next change will. LOW: wider or older than need be."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """For sorting, the worst first."""
        return list(Severity).index(self)


class Command(Enum):
    """The commands of a remedy for a pair, where its kind decides them. ``LINK`` is made with the options that it takes."""

    NONE = "none"
    LINK = "link"
    LINK_FOR_WRITING = "link for writing"
    SINGLE_LAYER = "put-bucket-encryption"
    ENABLE_KEY = "enable-key"
    CANCEL_DELETION = "cancel-key-deletion"
    DESCRIBE_KEY = "describe-key"
    SHOW_KEY_POLICY = "get-key-policy"
    SHOW_BUCKET_POLICY = "get-bucket-policy"


class FindingKind(NamedTuple):
    """A kind of finding.

    ``severity`` is the usual one; where it depends, the module that finds it has another. ``title`` and ``remedy`` are
    templates: ``{who}`` and ``{bucket}`` of a pair, ``{key}`` with the buckets that people know it by, ``{roles}`` of all
    pairs; other names are given by the module that finds it. An empty ``remedy`` is that of the error behind the finding.

    ``unusable_key``: the key cannot be used, whatever its policy says. ``unread``: something was not read, so that it is
    unknown. ``reason_always``: its first reason is shown without ``-v`` as well.
    """

    code: str
    severity: Severity
    title: str
    remedy: str = ""
    command: Command = Command.NONE
    unusable_key: bool = False
    unread: bool = False
    reason_always: bool = False

    @property
    def fixed_by_link(self) -> bool:
        """Does a link of the pair fix it, so that ``audit --fix`` does?"""
        return self.command is Command.LINK


ACCESS_MISSING = FindingKind(
    "access-missing",
    Severity.HIGH,
    "{who} cannot use the key of bucket {bucket}",
    "Link the cache to the bucket.",
    Command.LINK,
)
RECORD_DISAGREES = FindingKind(
    "record-disagrees",
    Severity.HIGH,
    "AWS {did} {who} the key of bucket {bucket}, although key policy and grants {against} it",
)
CONTEXT_CHANGED = FindingKind(
    "context-changed",
    Severity.HIGH,
    "{who} cannot use the key of bucket {bucket} since its Bucket Keys are {now}: access is for the other encryption context",
    "Link again, for the form in use now; the access by the other stays.",
    Command.LINK,
)
EXPLICIT_DENY = FindingKind(
    "explicit-deny",
    Severity.HIGH,
    "a Deny in the key policy stops {who} from using bucket {bucket}",
    command=Command.SHOW_KEY_POLICY,
    reason_always=True,
)
BUCKET_POLICY = FindingKind(
    "bucket-policy",
    Severity.HIGH,
    "the bucket policy of {bucket} does not let in {who}",
    command=Command.SHOW_BUCKET_POLICY,
    reason_always=True,
)
KEY_DISABLED = FindingKind(
    "key-disabled",
    Severity.HIGH,
    "the key of bucket {bucket}, linked to {who}, is disabled",
    "Enable it.",
    Command.ENABLE_KEY,
    unusable_key=True,
)
KEY_PENDING_DELETION = FindingKind(
    "key-pending-deletion",
    Severity.HIGH,
    "the key of bucket {bucket}, linked to {who}, is pending deletion",
    "Cancel the deletion while that is possible, and enable it.",
    Command.CANCEL_DELETION,
    unusable_key=True,
)
KEY_UNUSABLE = FindingKind(
    "key-unusable",
    Severity.HIGH,
    "the key of bucket {bucket}, linked to {who}, cannot be used",
    command=Command.DESCRIBE_KEY,
    unusable_key=True,
)
KEY_GONE = FindingKind(
    "key-gone",
    Severity.HIGH,
    "the key of bucket {bucket}, linked to {who}, does not exist",
    unusable_key=True,
)
BUCKET_GONE = FindingKind(
    "bucket-gone",
    Severity.HIGH,
    "bucket {bucket}, linked to {who}, does not exist",
    "Recreate the bucket, or delete the association. (A file cache's association is only deleted with the cache.)",
)
FOREIGN_ALIAS = FindingKind(
    "foreign-alias",
    Severity.HIGH,
    "bucket {bucket} of another account, linked to {who}, names its key by alias or id",
    "Have the bucket's owner set the default encryption to the key's full ARN, or state that when linking: fcsse link with "
    "--key ARN, --bucket-region REGION and --bucket-keys or --no-bucket-keys.",
)
AWS_MANAGED_KEY = FindingKind(
    "aws-managed-key",
    Severity.HIGH,
    "bucket {bucket}, linked to {who}, uses another account's AWS managed key",
)
ROLE_MISSING = FindingKind("role-missing", Severity.HIGH, "{cache} has no service-linked role{yet}")
ASSOCIATION_FAILED = FindingKind(
    "association-failed",
    Severity.HIGH,
    "{thing} bucket {bucket} is {lifecycle}",
    "Fix what AWS reports.",
    reason_always=True,
)
DEAD_PRINCIPALS = FindingKind(
    "dead-principals",
    Severity.MEDIUM,
    "{principals} that no longer {exist} {block} every edit: policy of key {key}",
    "Take them out in the next change; the diff shows each.",
)
ACCESS_UNKNOWN = FindingKind(
    "access-unknown",
    Severity.MEDIUM,
    "whether {who} can use bucket {bucket} is unknown",
    "See whether the condition holds for the cache, or link: a statement without it decides.",
    Command.LINK,
)
ACCOUNT_UNREADABLE = FindingKind(
    "account-unreadable", Severity.MEDIUM, "account {account} could not be read: {reason}", unread=True
)
UNREADABLE = FindingKind(
    "unreadable", Severity.MEDIUM, "bucket {bucket}, linked to {who}, could not be read", unread=True
)
REGION_UNHEARD_OF = FindingKind(
    "region-unheard-of",
    Severity.MEDIUM,
    "no Region with FSx is known as {region}",
    "Check --region and AWS_REGION.",
)
DSSE = FindingKind(
    "dsse",
    Severity.MEDIUM,
    "bucket {bucket}, linked to {who}, uses DSSE-KMS, which File Cache does not document",
    command=Command.SINGLE_LAYER,
)
ENCRYPTION_UNSUPPORTED = FindingKind(
    "encryption-unsupported",
    Severity.MEDIUM,
    "bucket {bucket}, linked to {who}, uses encryption that File Cache does not document",
)
POLICY_FORMAT = FindingKind(
    "policy-format",
    Severity.MEDIUM,
    "the key policy of bucket {bucket}, linked to {who}, cannot be read as a policy",
    command=Command.SHOW_KEY_POLICY,
)
POLICY_NEARLY_FULL = FindingKind(
    "policy-nearly-full",
    Severity.LOW,
    "policy {share} full: key {key}",
    "Take out what nobody needs, or give further caches their access by grants (--via grant).",
)
CACHE_GONE = FindingKind(
    "cache-gone",
    Severity.LOW,
    "statement {statement} is for {cache}: key {key}",
    "Take the access back.",
)
DEAD_GRANT = FindingKind(
    "dead-grant",
    Severity.LOW,
    "{grants} for caches that are gone: key {key}",
    "End them: they serve nobody, and count against the 50,000 that a key may have.",
)
EVERY_CACHE = FindingKind(
    "every-cache",
    Severity.LOW,
    "every cache of the account may use {buckets}: key {key}",
    "Name the caches instead, where each has its role. Between the commands they have no access.",
)
DUPLICATE_GRANT = FindingKind(
    "duplicate-grant",
    Severity.LOW,
    "{grants} for {cache}: key {key}",
    "End the spare ones.",
)
UNCONSTRAINED_GRANT = FindingKind(
    "unconstrained-grant", Severity.LOW, "{grants} on the key of {buckets} {are} not limited to {them}"
)
WIDE_STATEMENT = FindingKind(
    "wide-statement",
    Severity.LOW,
    "a statement gives {caches} more than needed: key {key}",
    "Link the caches, which adds the documented statement, then narrow this one or take the roles out of it.",
)
MERGEABLE = FindingKind(
    "mergeable",
    Severity.INFO,
    "one statement could serve {caches} on {buckets}: key {key}",
    "Worth it when the policy gets full. Between the commands {moved} no access.",
)
READ_ONLY = FindingKind(
    "read-only",
    Severity.INFO,
    "{who} can read bucket {bucket} and not write, as linked",
    "Nothing to do where the cache never writes back. Only to let it write, link it with all operations.",
    Command.LINK_FOR_WRITING,
)
UNUSED_ACCESS = FindingKind(
    "unused-access",
    Severity.INFO,
    "{cache} has access to {buckets}, which it is not linked to: key {key}",
    "Take it back if nothing needs it.",
)
ROLE_UNUSED = FindingKind(
    "role-unused",
    Severity.INFO,
    "{roles} without any S3 association: {caches}",
    "Where the cache is gone, what key policies still give its role can go: fcsse unlink, for each bucket that it had.",
)
ACCOUNT_CLOSED = FindingKind(
    "account-closed",
    Severity.LOW,
    "account {account} is {state} and was not read",
    "Nothing to do if the account is being closed. Otherwise have AWS Support reopen it.",
)

# The rows above, in their order.
KINDS = tuple(one for one in globals().values() if isinstance(one, FindingKind))

ORDER = tuple(one.code for one in KINDS)
"""Every code, in the order in which findings of one severity are shown."""

_BY_CODE = {one.code: one for one in KINDS}


def kind_of(code: str) -> FindingKind:
    """The kind of a finding's code."""
    return _BY_CODE[code]
