"""An audit as SARIF 2.1.0, for code-scanning views. Pure.

What is found is in AWS and in no file. Viewers such as GitHub's show only results with a file, so each has the path
``aws/ACCOUNT/REGION/bucket/NAME`` (or key, cache, account) beside its logical location, whose name is the ARN where there
is one. Source: SARIF 2.1.0 (OASIS), 3.19 to 3.33; GitHub, "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from fcsse import __version__
from fcsse.cli.output.documents import Json
from fcsse.cli.output.lines import visible
from fcsse.commands.audit.compare import Comparison
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import ORDER, Severity, kind_of
from fcsse.text import capitalized

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note", Severity.INFO: "note"}
SCORES = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "3.0", Severity.INFO: "1.0"}
"""GitHub's ``security-severity``: from 7 high, from 4 medium, below low."""


class AccountFindings(NamedTuple):
    """An account's findings in their order, and its partition. ``read``: was the account read?"""

    account: str
    findings: Sequence[Finding]
    partition: str = "aws"
    read: bool = True


def audit_sarif(
    accounts: Iterable[AccountFindings], code: int, comparison: Comparison | None = None, *, several: bool = False
) -> Json:
    """The whole log, with one run. ``several``: ids of findings carry their account, as in the JSON document."""
    results: list[dict[str, Any]] = []
    unread: list[Json] = []
    worst: dict[str, Severity] = {}
    for one in accounts:
        for place, finding in enumerate(one.findings, 1):
            known = worst.get(finding.code, finding.severity)
            worst[finding.code] = min(known, finding.severity, key=lambda severity: severity.rank)
            name = f"{one.account}/F{place}" if several else f"F{place}"
            results.append(_result(one, finding, name, comparison))
            if kind_of(finding.code).unread:
                unread.append({"level": "warning", "message": {"text": _plain(finding.title)}})
    if comparison is not None:
        results += [_absent(account, one) for account, one in comparison.gone]
        worst |= {one["code"]: Severity(one["severity"]) for _, one in comparison.gone if one["code"] not in worst}
    rules = [code_ for code_ in ORDER if code_ in worst]
    rules += sorted(set(worst) - set(rules))
    seen: Counter[str] = Counter()
    for result in results:
        prints = result["partialFingerprints"]
        seen[prints["fcsse/1"]] += 1
        if seen[prints["fcsse/1"]] > 1:  # several findings of one kind about one thing
            prints["fcsse/1"] += f":{seen[prints['fcsse/1']]}"
        result["ruleIndex"] = rules.index(result["ruleId"])
    invocation: Json = {"executionSuccessful": True, "exitCode": code}
    if unread:
        invocation["toolExecutionNotifications"] = unread
    driver = {
        "name": "fcsse",
        "semanticVersion": __version__,
        "rules": [_rule(name, worst[name]) for name in rules],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _plain(text: str) -> str:
    """A text on one line. Viewers make a link of ``[words](address)``: one of others' is none. Source: SARIF 2.1.0, 3.11.6."""
    return visible(text).replace("](", "] (")


def _rule(code: str, severity: Severity) -> Json:
    words = code.replace("-", " ")
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in words.split()),
        "shortDescription": {"text": capitalized(words)},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"security-severity": SCORES[severity], "tags": ["security", "aws"]},
    }


def _result(one: AccountFindings, finding: Finding, name: str, comparison: Comparison | None) -> Json:
    text = " ".join(part for part in (finding.title + ".", *finding.detail, finding.remedy) if part)
    commands = "".join(f"\n{command}" for command in finding.commands)
    result: Json = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": _plain(text) + "".join(f"\n{_plain(part)}" for part in commands.split("\n") if part)},
        "locations": [
            _location(one.account, one.partition, finding.bucket, finding.key, finding.cache, finding.region)
        ],
        "partialFingerprints": {
            "fcsse/1": _fingerprint(
                one.account, finding.code, finding.cache, finding.bucket, finding.key, finding.region
            )
        },
        "properties": {
            "id": name,
            "account": one.account,
            "severity": finding.severity.value,
            "fix": finding.fix.value,
            "pairs": [{"cache": pair.cache, "bucket": pair.bucket} for pair in finding.pairs],
        },
    }
    if comparison is not None:
        result["baselineState"] = comparison.state_of(one.account, name)
    return result


def _absent(account: str, one: Mapping[str, Any]) -> Json:
    """A finding of the earlier audit that is gone."""
    place = (one["cache"], one["bucket"], one["key"], one["region"])
    return {
        "ruleId": one["code"],
        "level": LEVELS[Severity(one["severity"])],
        "message": {"text": _plain(one["title"])},
        "locations": [_location(account, "aws", one["bucket"], one["key"], one["cache"], one["region"])],
        "partialFingerprints": {"fcsse/1": _fingerprint(account, one["code"], *place)},
        "properties": {"account": account, "severity": one["severity"]},
        "baselineState": "absent",
    }


def _fingerprint(account: str, *parts: str | None) -> str:
    return hashlib.sha256("\n".join([account, *(part or "" for part in parts)]).encode()).hexdigest()[:32]


def _location(
    account: str, partition: str, bucket: str | None, key: str | None, cache: str | None, region: str | None
) -> Json:
    kind, name, full = "account", account, account
    if bucket:
        kind, name, full = "bucket", bucket, f"arn:{partition}:s3:::{bucket}"
    elif key:
        kind, name, full = "key", key.rpartition("/")[2], key
    elif cache:
        kind, name, full = "cache", cache, cache
    path = "/".join(quote(part, safe="") for part in ("aws", account, region or "global", kind, name))
    return {
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 1}},
        "logicalLocations": [{"name": visible(name), "fullyQualifiedName": visible(full), "kind": "resource"}],
    }
