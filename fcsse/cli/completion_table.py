"""The options of the commands, for completing them without Typer. Written by scripts/readme: not to be edited."""

from __future__ import annotations

# Its names, whether a value follows, whether it may be given again, the values there are (None: to be asked for), its help.
OPTIONS: dict[str, tuple[tuple[str, ...], bool, bool, tuple[str, ...] | None, str]] = {
    "version": (("--version",), False, False, (), "Print the version; with -v, all that a report of a defect needs."),
    "install-completion": (("--install-completion",), False, False, (), "Install completion for the current shell."),
    "show-completion": (
        ("--show-completion",),
        False,
        False,
        (),
        "Show completion for the current shell, to copy it or customize the installation.",
    ),
    "help": (("-h", "--help"), False, False, (), "Show this message and exit."),
    "cache": (
        ("--cache",),
        True,
        True,
        None,
        "File cache (fc-…) or FSx for Lustre file system (fs-…). Many times: every pair of cache and bucket.",
    ),
    "bucket": (
        ("--bucket",),
        True,
        True,
        None,
        "Bucket. Many times. Default: the buckets that the cache is linked to.",
    ),
    "every-cache": (
        ("--every-cache",),
        False,
        False,
        (),
        "Instead of --cache: the documented statement for all caches of the account. Any role session named FSx meets it.",
    ),
    "dry-run": (
        ("--dry-run",),
        False,
        False,
        (),
        "Everything but the writes: read, plan, show the diff and the plan's digest.",
    ),
    "expect": (("--expect",), True, False, (), "Apply only if the plan still has the digest that a dry run printed."),
    "yes": (("--yes", "-y"), False, False, (), "Ask no question. Without a terminal, none is ever asked."),
    "wait": (
        ("--wait",),
        True,
        False,
        (),
        "How long to wait for a role that is not there yet, and for AWS to show the change; 0: not at all.",
    ),
    "backup-dir": (
        ("--backup-dir",),
        True,
        False,
        None,
        "Where policies are saved before a write. Default: this platform's state folder.",
    ),
    "no-backup": (("--no-backup",), False, False, (), "Write without saving the old policy first."),
    "via": (
        ("--via",),
        True,
        False,
        ("auto", "policy", "grant"),
        "auto: policy in the key's own account, grant across accounts.",
    ),
    "context": (
        ("--context",),
        True,
        False,
        ("documented", "both"),
        "documented: bucket ARN with Bucket Keys, object ARNs without. both: for buckets with objects of both kinds.",
    ),
    "narrow-grant": (
        ("--narrow-grant",),
        False,
        False,
        (),
        "Limit a grant to the bucket's ARN, where Bucket Keys make that possible.",
    ),
    "prune-orphans": (
        ("--prune-orphans",),
        False,
        False,
        (),
        "Also remove principals that no longer exist (AROA…), because of which KMS would refuse the policy. The diff shows each.",
    ),
    "key": (
        ("--key",),
        True,
        False,
        (),
        "The bucket's key, where the bucket cannot be read, or another key that its objects use.",
    ),
    "bucket-region": (("--bucket-region",), True, False, (), "The bucket's Region."),
    "bucket-keys": (("--bucket-keys", "--no-bucket-keys"), False, False, (), "Whether the bucket uses Bucket Keys."),
    "bucket-profile": (("--bucket-profile",), True, False, (), "AWS profile for the bucket's side."),
    "bucket-role": (("--bucket-role",), True, False, (), "Role to assume for the bucket's side."),
    "grant-profile": (
        ("--grant-profile",),
        True,
        False,
        (),
        "AWS profile that may create the grant: of the cache's account, with permissions to the key.",
    ),
    "grant-role": (("--grant-role",), True, False, (), "The same as a role to assume."),
    "output": (("--output", "-o"), True, False, ("text", "json", "markdown"), "Form of the answer on standard output."),
    "exit-code": (("--exit-code",), False, False, (), "With --dry-run: exit 3 when there is something to do."),
    "verbose": (("--verbose", "-v"), False, False, (), "Say each step; twice: tracebacks too."),
    "quiet": (("--quiet", "-q"), False, False, (), "Only the last line, and errors."),
    "no-color": (("--no-color",), False, False, (), "No colours; NO_COLOR is honoured too."),
    "profile": (("--profile",), True, False, (), "AWS profile; default: AWS_PROFILE and the usual chain."),
    "region": (("--region",), True, False, (), "The cache's Region; default: AWS_REGION or the profile's."),
    "endpoint-url": (
        ("--endpoint-url",),
        True,
        False,
        (),
        "Where AWS is, for simulators and VPC endpoints; default: AWS_ENDPOINT_URL.",
    ),
    "audit:region": (
        ("--region",),
        True,
        True,
        (),
        "Region to look in. Many times. Default: AWS_REGION or the profile's.",
    ),
    "all-regions": (
        ("--all-regions",),
        False,
        False,
        (),
        "Every Region of the partition that botocore knows FSx to be in. Each is asked for its data repository associations; those that do not accept the account's credentials (opt-in Regions that are off) are skipped and named.",
    ),
    "fix": (
        ("--fix",),
        False,
        False,
        (),
        "Give the access that is missing: one plan, one diff, one write a key, as link does it. Takes nothing away but principals that no longer exist.",
    ),
    "audit:bucket-role": (
        ("--bucket-role",),
        True,
        True,
        (),
        "Role to assume in other accounts, such as 'arn:aws:iam::{account}:role/Audit'. Many times. A key's ARN tells its account.",
    ),
    "bucket-account": (
        ("--bucket-account",),
        True,
        True,
        (),
        "Account in which to look for buckets that cannot be read from here. Many times.",
    ),
    "audit:output": (
        ("--output", "-o"),
        True,
        False,
        ("text", "json", "markdown", "csv"),
        "Form of the answer on standard output.",
    ),
    "html": (("--html",), True, False, None, "Also write all of it as one page that needs no network."),
    "backups:key": (("--key",), True, False, (), "Only policies of this key."),
    "discard-others": (
        ("--discard-others",),
        False,
        False,
        (),
        "Put the policy back although others changed it since; what they did is lost. The diff shows it.",
    ),
    "accept-edited": (
        ("--accept-edited",),
        False,
        False,
        (),
        "Restore the backup although its policy was edited after it was saved. The diff shows what it says now.",
    ),
    "account": (("--account",), True, False, (), "The cache's account."),
    "partition": (("--partition",), True, False, (), "Partition, such as aws-cn; default: that of the key or Region."),
    "format": (
        ("--format",),
        True,
        False,
        ("json", "terraform", "cloudformation", "aws-cli"),
        "json: the statement, as CDK's PolicyStatement.fromJson takes it, or CreateGrant's parameters; several as a list. terraform: aws_iam_policy_document, aws_kms_grant. cloudformation: for KeyPolicy.Statement. aws-cli: commands.",
    ),
    "permissions:region": (
        ("--region",),
        True,
        False,
        (),
        "Region of the buckets and their keys; default: that of --key, else all.",
    ),
    "engine": (("--engine",), True, False, ("head", "athena"), "For census: how it looks at the objects."),
    "permissions:fix": (("--fix",), False, False, (), "For audit: what audit --fix needs, which also writes."),
    "optional": (
        ("--optional",),
        False,
        False,
        (),
        "Put into the policy what the command can do without but says more with.",
    ),
    "census:bucket": (("--bucket",), True, True, (), "Bucket."),
    "census:cache": (
        ("--cache",),
        True,
        True,
        (),
        "Cache to judge for. Many times. Default: those linked to the bucket.",
    ),
    "sample": (("--sample",), True, False, (), "How many objects to look at, spread over prefixes and ages."),
    "prefix": (("--prefix",), True, False, (), "Only objects under this prefix."),
    "all": (("--all",), False, False, (), "Look at every object: a request each."),
    "census:engine": (
        ("--engine",),
        True,
        False,
        ("head", "athena"),
        "head: HeadObject on each object of a sample. athena: all objects, by the bucket's S3 Metadata inventory table.",
    ),
    "workgroup": (("--workgroup",), True, False, (), "Athena workgroup."),
    "athena-output": (("--athena-output",), True, False, (), "Where Athena puts results; default: the workgroup's."),
}

OF_COMMAND: dict[str, str] = {
    "": "version install-completion show-completion help",
    "link": "cache bucket every-cache dry-run expect yes wait backup-dir no-backup via context narrow-grant "
    "prune-orphans key bucket-region bucket-keys bucket-profile bucket-role grant-profile grant-role "
    "output exit-code verbose quiet no-color profile region endpoint-url help",
    "unlink": "cache bucket every-cache dry-run expect yes wait backup-dir no-backup prune-orphans key "
    "bucket-region bucket-keys bucket-profile bucket-role grant-profile grant-role output exit-code "
    "verbose quiet no-color profile region endpoint-url help",
    "check": "cache bucket key bucket-region bucket-keys bucket-profile bucket-role output verbose quiet no-color "
    "profile region endpoint-url help",
    "audit": "audit:region all-regions fix dry-run expect yes wait backup-dir no-backup prune-orphans "
    "audit:bucket-role bucket-account grant-profile grant-role audit:output html exit-code verbose quiet "
    "no-color profile endpoint-url help",
    "backups": "backups:key backup-dir output verbose quiet no-color help",
    "restore": "discard-others accept-edited dry-run expect yes wait backup-dir no-backup output exit-code verbose "
    "quiet no-color profile region endpoint-url help",
    "statement": "cache bucket every-cache account partition via context narrow-grant key bucket-region bucket-keys "
    "bucket-profile bucket-role format output verbose quiet no-color profile region endpoint-url help",
    "permissions": "cache bucket every-cache key account permissions:region partition via engine permissions:fix "
    "optional output verbose quiet no-color help",
    "census": "census:bucket census:cache sample prefix all census:engine workgroup athena-output bucket-profile "
    "bucket-role output verbose quiet no-color profile region endpoint-url help",
}

# The values of arguments; None: not known beforehand.
ARGUMENTS: dict[str, tuple[str, ...] | None] = {
    "backups": (),
    "restore": (),
    "permissions": ("link", "unlink", "check", "audit", "census", "restore"),
}

# The commands, with their help in short.
COMMANDS: dict[str, str] = {
    "link": "Give a cache access to the KMS key of its bucket.",
    "unlink": "Take back exactly the access that link gives.",
    "check": "Tell whether a cache can read and write its bucket, and which statement or grant decides.",
    "audit": "Judge every cache and file system of the account against every bucket it is linked to.",
    "backups": "List the key policies saved before each change, newest first; with an ID, print that policy.",
    "restore": "Put a saved key policy back, through the same diff, question, copy and confirmation as every change.",
    "statement": "Print the statement, or the grant, that link would add.",
    "permissions": "Print the least IAM policy that the caller of COMMAND needs.",
    "census": "Tell which KMS keys and context forms the objects of a bucket use, and whether its caches can decrypt them.",
    "sandbox": "A simulated AWS on this machine, for trying and for tests.",
}
