"""What the sandbox and fcsse take for granted without AWS saying so, each with how a recording tells.

A judge answers True (as assumed), False (it differs) or None (not met in this recording).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fcsse.arn import ROLE_PATH, ROLE_PREFIX
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent
from live.recording import Exchange, Recording

Answer = bool | None
POLICY_LIMIT = 32_768
SOON = 300.0
NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"


@dataclass(frozen=True)
class Assumption:
    """A sentence about AWS, where it comes from, and its judge."""

    text: str
    source: str
    judge: Callable[[Recording], Answer]


def every(found: Iterable[bool]) -> Answer:
    """All of them; None where there are none."""
    listed = list(found)
    return all(listed) if listed else None


def _role_names(seen: Recording) -> Answer:
    roles = [one.answer["Role"] for one in seen.of("iam:GetRole", succeeded=True)]
    return every(role["Path"] == ROLE_PATH and role["RoleName"].startswith(ROLE_PREFIX) for role in roles)


def _partition(seen: Recording) -> Answer:
    roles = [one.answer["Role"]["Arn"] for one in seen.of("iam:GetRole", succeeded=True)]
    return every(f"role{ROLE_PATH}" in arn for arn in roles if not arn.startswith("arn:aws:"))


def _rules(seen: Recording) -> Iterator[dict[str, Any]]:
    for one in seen.of("s3:GetBucketEncryption", succeeded=True):
        for rule in one.answer["ServerSideEncryptionConfiguration"]["Rules"]:
            yield rule.get("ApplyServerSideEncryptionByDefault", {})


def _always_encrypted(seen: Recording) -> Answer:
    codes = {one.code for one in seen.of("s3:GetBucketEncryption") if not one.refused}
    return None if not codes else NO_ENCRYPTION not in codes


def _algorithms(seen: Recording) -> Answer:
    known = ("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup")
    return every(rule.get("SSEAlgorithm") in known for rule in _rules(seen))


def _one_rule(seen: Recording) -> Answer:
    answers = seen.of("s3:GetBucketEncryption", succeeded=True)
    return every(len(one.answer["ServerSideEncryptionConfiguration"]["Rules"]) == 1 for one in answers)


def _region_told(seen: Recording) -> Answer:
    return every(bool(one.answer.get("BucketRegion")) for one in seen.of("s3:HeadBucket", succeeded=True))


def _filtered(seen: Recording) -> Answer:
    def fits(one: Exchange) -> bool:
        wanted = {value for part in one.request.get("Filters", ()) for value in part["Values"]}
        owners = {got.get("FileCacheId") or got.get("FileSystemId") for got in one.answer.get("Associations", ())}
        return owners <= wanted

    asked = seen.of("fsx:DescribeDataRepositoryAssociations", succeeded=True)
    return every(fits(one) for one in asked if one.request.get("Filters"))


def _lifecycles(seen: Recording) -> Answer:
    known = ("CREATING", "AVAILABLE", "MISCONFIGURED", "UPDATING", "DELETING", "FAILED")
    asked = seen.of("fsx:DescribeDataRepositoryAssociations", succeeded=True)
    return every(got.get("Lifecycle") in known for one in asked for got in one.answer.get("Associations", ()))


def _after_puts(seen: Recording) -> Iterator[tuple[Exchange, list[Exchange]]]:
    """Each accepted write of a policy with the readings up to the next write."""
    touched = [one for one in seen.exchanges if one.name in ("kms:PutKeyPolicy", "kms:GetKeyPolicy") and not one.code]
    for number, put in enumerate(touched):
        if put.operation == "PutKeyPolicy":
            readings = []
            for one in touched[number + 1 :]:
                if one.operation == "PutKeyPolicy":
                    break
                readings.append(one)
            yield put, readings


def _says(text: str, other: str) -> bool:
    return equivalent(PolicyDocument.parse(text), PolicyDocument.parse(other))


def _meaning_kept(seen: Recording) -> Answer:
    return every(
        any(_says(one.answer["Policy"], put.request["Policy"]) for one in readings)
        for put, readings in _after_puts(seen)
        if readings
    )


def _normalised(seen: Recording) -> Answer:
    read = seen.of("kms:GetKeyPolicy", succeeded=True)
    return every(not _has_single_item_list(json.loads(one.answer["Policy"])) for one in read)


def _has_single_item_list(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_single_item_list(inner) for name, inner in value.items() if name != "Statement") or any(
            _has_single_item_list(one) for one in _statements(value)
        )
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)


def _statements(document: Any) -> list[dict[str, Any]]:
    found = document.get("Statement", [])
    return [found] if isinstance(found, dict) else [one for one in found if isinstance(one, dict)]


def _seen_soon(seen: Recording) -> Answer:
    return every(
        any(one.at - put.at < SOON and _says(one.answer["Policy"], put.request["Policy"]) for one in readings)
        for put, readings in _after_puts(seen)
        if readings
    )


def _size(seen: Recording) -> Answer:
    sizes = [(len(str(one.request["Policy"]).encode()), one.code) for one in seen.of("kms:PutKeyPolicy")]
    judged = [bool(code) for size, code in sizes if size > POLICY_LIMIT]
    judged += [size > POLICY_LIMIT for size, code in sizes if code == "LimitExceededException"]
    return every(judged)


def _elements(seen: Recording) -> Answer:
    def odd(one: Exchange) -> bool:
        return any(
            not ({"Action", "NotAction"} & part.keys()) or part.get("Resource") not in ("*", ["*"])
            for part in _statements(json.loads(one.request["Policy"]))
        )

    return every(bool(one.code) for one in seen.of("kms:PutKeyPolicy") if odd(one))


def _same_sids(seen: Recording) -> Answer:
    def twice(one: Exchange) -> bool:
        sids = [part["Sid"] for part in _statements(json.loads(one.request["Policy"])) if part.get("Sid")]
        return len(sids) != len(set(sids))

    return every(not one.code for one in seen.of("kms:PutKeyPolicy") if twice(one))


def _principals_message(seen: Recording) -> Answer:
    refused = [one for one in seen.of("kms:PutKeyPolicy") if one.code == "MalformedPolicyDocumentException"]
    words = ("invalid principals", "will not allow you to update the key policy in the future", "Action", "Resource")
    return every(any(word in one.message for word in words) for one in refused)


def _dry_run(seen: Recording) -> Answer:
    names = ("kms:CreateGrant", "kms:RevokeGrant", "kms:RetireGrant")
    asked = [one for name in names for one in seen.of(name) if one.request.get("DryRun")]
    return every(one.code == "DryRunOperationException" for one in asked if not one.refused)


def _same_grant(seen: Recording) -> Answer:
    made: dict[str, set[str]] = {}
    count: dict[str, int] = {}
    for one in seen.of("kms:CreateGrant", succeeded=True):
        given = {name: value for name, value in one.request.items() if name != "DryRun"}
        key = json.dumps(given, sort_keys=True, default=str)
        made.setdefault(key, set()).add(one.answer["GrantId"])
        count[key] = count.get(key, 0) + 1
    return every(len(made[key]) == 1 for key, times in count.items() if times > 1)


def _grantee(seen: Recording) -> Answer:
    made = {
        one.answer["GrantId"]: one.request["GranteePrincipal"] for one in seen.of("kms:CreateGrant", succeeded=True)
    }
    listed = [got for one in seen.of("kms:ListGrants", succeeded=True) for got in one.answer.get("Grants", ())]
    return every(got.get("GranteePrincipal") == made[got["GrantId"]] for got in listed if got.get("GrantId") in made)


def _refusals(seen: Recording) -> Answer:
    told = [one for one in seen.exchanges if one.refused and one.service != "s3"]
    return every("is not authorized to perform" in one.message for one in told)


def _taken_back(seen: Recording) -> Answer:
    reads = list(seen.of("kms:GetKeyPolicy", succeeded=True))
    if not any(one.step == "unlink" for one in seen.of("kms:PutKeyPolicy", succeeded=True)):
        return None
    return _says(reads[0].answer["Policy"], reads[-1].answer["Policy"])


ROLES = "FSx and File Cache user guides, on service-linked roles"
ENCRYPTION = "S3 API reference, GetBucketEncryption"
PUT = "KMS API reference, PutKeyPolicy"
INFERRED = "inferred; no page says so"

ASSUMPTIONS = (
    Assumption("A role's path and the beginning of its name are the documented ones", ROLES, _role_names),
    Assumption("Outside the partition aws, only the ARN of a role differs, not its path", INFERRED, _partition),
    Assumption("A bucket always has a default encryption (since January 2023)", ENCRYPTION, _always_encrypted),
    Assumption("No default encryption is of an unknown kind", ENCRYPTION, _algorithms),
    Assumption("A bucket's default encryption has one rule", INFERRED, _one_rule),
    Assumption("HeadBucket tells the Region", "S3 API reference, HeadBucket", _region_told),
    Assumption("Associations are listed for the cache that is asked for alone", "FSx API reference", _filtered),
    Assumption("An association is in one of the six documented states", "FSx API reference", _lifecycles),
    Assumption("KMS gives a policy back that means what was written", PUT, _meaning_kept),
    Assumption(
        "KMS rewrites a policy: a list of one comes back as a string", "reports of other tools' users", _normalised
    ),
    Assumption(
        "A written policy is seen within five minutes", "KMS developer guide, on eventual consistency", _seen_soon
    ),
    Assumption("The limit of a policy is 32,768 bytes, white space included", INFERRED, _size),
    Assumption("KMS refuses statements without Action, or with another Resource than *", "reports of users", _elements),
    Assumption("KMS accepts two statements of one Sid", INFERRED, _same_sids),
    Assumption("A refused policy is told with a sentence that fcsse knows", "KMS developer guide", _principals_message),
    Assumption("DryRun of a grant ends in DryRunOperationException and does nothing", "KMS API reference", _dry_run),
    Assumption("A grant asked for twice by the same name is one grant", "KMS API reference, CreateGrant", _same_grant),
    Assumption("ListGrants shows the ARN that a grant was made for", INFERRED, _grantee),
    Assumption(
        "A refusal of IAM, KMS or FSx says what the caller is not authorized to perform", "reports of users", _refusals
    ),
    Assumption("After unlink, the policy means what it meant before link", PUT, _taken_back),
)
