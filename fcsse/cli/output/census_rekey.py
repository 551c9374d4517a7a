"""The plan for re-keying objects, for people, pull requests and machines; its commands are printed and never run. Pure."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from fcsse.cli.output.census import kind
from fcsse.cli.output.documents import Json, escaped
from fcsse.cli.output.lines import Line, line, prose
from fcsse.commands.census.in_place import Refusal
from fcsse.commands.census.rekey import PLACEHOLDER_ACCOUNT, PLACEHOLDER_BUCKET, Caveat, RekeyPlan
from fcsse.encryption_algorithms import IN_PLACE, SSE_S3
from fcsse.objects import Group
from fcsse.policy.document import printable
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count, sentence

COPY = "copy them to themselves with the key that they should have"
REFUSALS = {
    Refusal.NOT_ENCRYPTED: f"S3 re-encrypts no unencrypted objects in place: {COPY}",
    Refusal.DUAL_LAYER: f"S3 re-encrypts no DSSE-KMS objects in place: {COPY}",
    Refusal.CUSTOMER_KEY: "S3 re-encrypts no SSE-C objects in place: whoever has their key must copy them",
    Refusal.KEY_UNKNOWN: "S3 did not name their key, so no filter finds them",
    Refusal.OTHER: f"AWS documents this for {IN_PLACE} objects only",
}
CAVEATS = {
    Caveat.SAMPLE: "Not all objects were looked at. The job changes every object that is encrypted in one of the ways above; "
    "objects encrypted in ways that the census did not see stay as they are. Count again afterwards.",
    Caveat.OWNER_UNKNOWN: "The bucket's account could not be found out: the job runs in it, and by default S3 takes only keys "
    "of that account.",
    Caveat.FOREIGN_KEY: "The key belongs to another account than the bucket. S3 refuses that, unless both are in one "
    "organization and AWS Support has allowed it for the bucket's account; the job's role then needs "
    "organizations:DescribeAccount too.",
    Caveat.MANAGED_SOURCE: "Some objects use an AWS managed key, and S3 documents its filter by key for customer managed keys "
    "only. With --all and --manifest FILE, the objects are listed one by one instead.",
    Caveat.UNUSABLE_SOURCE: "A key that objects use now is not enabled, and S3 needs it to decrypt their data keys. Enable it "
    "first (aws kms describe-key shows its state).",
    Caveat.FOREIGN_SOURCE: "A key that objects use now belongs to another account: its key policy must allow the job's role too.",
    Caveat.NO_MANIFEST: "The manifest was not written, since not every object could be looked at: S3 lists the objects by how "
    "they are encrypted instead.",
    Caveat.OBJECT_LOCK: "The job fails on objects under a retention period or legal hold of Object Lock.",
    Caveat.VERSIONS: "Versions of an object other than the current one were not counted. Whether the list that S3 makes holds "
    "them is to be seen in the manifest, before you confirm the job.",
    Caveat.OLD_VERSIONS: "Versions of an object other than the current one are not in the list, and keep their encryption.",
    Caveat.REPLICAS: "Replicas in other buckets keep their encryption.",
    Caveat.READERS: "Whoever else reads these objects needs kms:Decrypt on the new key before the job runs, or their reads fail "
    "from then on.",
}


class Command(NamedTuple):
    """A command for people to run, and what it does."""

    does: str
    text: str


def rekey_summary(plan: RekeyPlan) -> str:
    """What the plan comes to, in a sentence."""
    goal = f"with key {plan.target.key}, {'with' if plan.target.bucket_keys else 'without'} Bucket Keys"
    if not plan.strays:
        return f"Nothing to re-key: all that was seen is encrypted {goal}."
    objects = sum(group.objects for group in plan.movable)
    if not plan.movable:
        return "Nothing can be re-keyed in place."
    least = "at least " if _open(plan) else ""
    return f"Plan, not run: S3 re-encrypts {least}{count(objects, 'object')} in place {goal}."


def caveats(plan: RekeyPlan) -> list[str]:
    """What to know before the job runs, and what to fill in."""
    found = [CAVEATS[one] for one in plan.caveats]
    if plan.movable:
        objects = sum(group.objects for group in plan.movable)
        found.append(
            f"Cost: {'at least ' if _open(plan) else ''}{count(objects, 'request')} at the price of PUT, with the prices of S3 Batch "
            "Operations and of KMS on top."
        )
    if plan.movable and plan.job_bucket is None:
        found.append(
            f"Fill in {PLACEHOLDER_BUCKET} (--job-bucket): a bucket of the job's Region for the manifest and the report."
        )
    if plan.movable and plan.target.owner is None:
        found.append(f"Fill in {PLACEHOLDER_ACCOUNT}: the id of the bucket's account.")
    return found


def _open(plan: RekeyPlan) -> bool:
    return Caveat.SAMPLE in plan.caveats


def rekey_commands(plan: RekeyPlan, words: CommandBuilder) -> list[Command]:
    """What to run, in this order. None where no object can be changed."""
    if not plan.movable:
        return []
    out = [Command("Lets the caches use the new key, where they cannot yet", one) for one in plan.links]
    if plan.manifest:
        upload = ("--bucket", plan.place, "--key", plan.manifest_name, "--body", str(plan.manifest.file))
        # S3 Batch Operations takes no CSV manifest that is encrypted with SSE-KMS.
        sealed = (*upload, "--server-side-encryption", SSE_S3.code)
        out.append(Command("Stores the manifest", words.aws("s3api", "put-object", *sealed, region=plan.target.region)))
    if plan.job_role is None:
        create = ("--role-name", plan.role_name, "--assume-role-policy-document", _compact(plan.trust_policy()))
        out.append(Command("Creates the job's role", words.aws("iam", "create-role", *create, region=None)))
    put = (
        "--role-name",
        plan.role_name,
        "--policy-name",
        plan.policy_name,
        "--policy-document",
        _compact(plan.role_policy()),
    )
    out.append(Command("Lets the role do the job's work", words.aws("iam", "put-role-policy", *put, region=None)))
    job = ("--cli-input-json", _compact(plan.job()))
    control = ("--account-id", plan.account, "--job-id", "JOB_ID")
    out += [
        Command(
            "Creates the job, which waits for confirmation",
            words.aws("s3control", "create-job", *job, region=plan.target.region),
        ),
        Command(
            "Shows the job: how many objects, where the manifest is",
            words.aws("s3control", "describe-job", *control, region=plan.target.region),
        ),
        Command(
            "Confirms the job: now it runs",
            words.aws(
                "s3control", "update-job-status", *control, "--requested-job-status", "Ready", region=plan.target.region
            ),
        ),
        Command("Counts again, once the job is complete", words.census(plan.bucket, plan.prefix)),
    ]
    return out


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _who(plan: RekeyPlan) -> str:
    return f"Run, with credentials of account {plan.account}; keep the old key and the caches' access to it until the report is clean:"


def rekey_lines(plan: RekeyPlan, words: CommandBuilder) -> list[Line]:
    """The plan for a terminal; commands stay in one piece."""
    out: list[Line] = [line(""), prose((rekey_summary(plan), "bold"))]
    width = max((len(f"{one.group.objects:,}") for one in plan.strays), default=0)
    for group, refusal in plan.strays:
        out.append(((f"{group.objects:>{width},}  ", "bold"), (kind(group), "")))
        if group.sealed.key:
            out.append(line(" " * (width + 2) + group.sealed.key))
        if refusal:
            out.append(prose((" " * (width + 2), ""), (sentence(REFUSALS[refusal]), "yellow")))
    out += [prose(("- ", ""), text) for text in caveats(plan)]
    found = rekey_commands(plan, words)
    if found:
        out += [line(""), prose((_who(plan), "bold"))]
    for one in found:
        out += [line(f"  # {one.does}.", "dim"), line(f"  {one.text}")]
    return out


def rekey_entry(plan: RekeyPlan, words: CommandBuilder) -> Json:
    """The plan as JSON. ``job`` (a CreateJob request) and the policies are null where no object can be changed."""
    target = plan.target
    any_job = bool(plan.movable)
    return {
        "summary": rekey_summary(plan),
        "key": str(target.key),
        "bucket_key": target.bucket_keys,
        "region": target.region,
        "account": target.owner,
        "strays": [
            {
                **_group(one.group),
                "in_place": one.refusal is None,
                "refusal": one.refusal.value if one.refusal else None,
                "reason": sentence(REFUSALS[one.refusal]) if one.refusal else None,
            }
            for one in plan.strays
        ],
        "manifest": {"file": str(plan.manifest.file), "objects": plan.manifest.objects, "etag": plan.manifest.etag}
        if plan.manifest
        else None,
        "job": plan.job() if any_job else None,
        "role": plan.role if any_job else None,
        "trust_policy": plan.trust_policy() if any_job else None,
        "role_policy": plan.role_policy() if any_job else None,
        "caveats": [one.value for one in plan.caveats],
        "notes": caveats(plan),
        "commands": [{"does": one.does, "command": one.text} for one in rekey_commands(plan, words)],
    }


def _group(group: Group) -> Json:
    sealed = group.sealed
    return {
        "algorithm": sealed.algorithm,
        "key": sealed.key,
        "bucket_key": sealed.bucket_key,
        "objects": group.objects,
        "example": group.example,
    }


def rekey_markdown(plan: RekeyPlan, words: CommandBuilder) -> str:
    """The plan as GitHub Markdown, with the job and its role's policy to read."""
    out = ["", "#### Re-keying in place", "", escaped(rekey_summary(plan)), ""]
    if plan.strays:
        out += ["| objects | encryption | key | example | in place |", "| --: | --- | --- | --- | --- |"]
    for group, refusal in plan.strays:
        how = sentence(REFUSALS[refusal]) if refusal else "yes"
        cells = (f"{group.objects:,}", kind(group), group.sealed.key or "", printable(group.example), how)
        out.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    notes = caveats(plan)
    out += [""] * bool(notes)
    out += [f"- {escaped(text)}" for text in notes]
    found = rekey_commands(plan, words)
    if found:
        out += ["", "The job:", "", "```json", json.dumps(plan.job(), indent=2), "```"]
        out += ["", "What its role needs:", "", "```json", json.dumps(plan.role_policy(), indent=2), "```"]
        out += ["", escaped(_who(plan)), "", "```sh"]
        out += [part for one in found for part in (f"# {one.does}.", one.text)]
        out += ["```"]
    return "\n".join(out).rstrip() + "\n"
