"""The command: takes the steps on the real side, then in the sandbox, and says line by line whether AWS is as assumed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import boto3
import typer
from botocore.exceptions import BotoCoreError

import fcsse
from fcsse.cli.options.safety import parse_duration
from live.assumptions import ASSUMPTIONS
from live.comparing import AS_ASSUMED, DIFFERS, UNKNOWN, Line, compare
from live.event_assumptions import event_lines, examples
from live.event_shapes import compare_events
from live.events import Read, read_events
from live.played_events import played
from live.recording import Recording
from live.sandbox_twin import mirrored
from live.shapes import masked, masked_text
from live.steps import Steps

VERDICTS = {True: AS_ASSUMED, False: DIFFERS, None: UNKNOWN}


def arguments(words: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="scripts/live-check",
        description="Compare what AWS answers with what the sandbox assumes, for one cache and one bucket. "
        "Reads only (check, link --dry-run), unless --write is given.",
        epilog="Exit codes: 0 nothing differs, 3 something does, 1 too little could be asked, 2 usage.",
    )
    parser.add_argument("--cache", required=True, help="a file cache or FSx for Lustre file system that is not in use")
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--write", action="store_true", help="also link, check again, and unlink what was linked here")
    parser.add_argument(
        "--events",
        action="store_true",
        help="also compare CloudTrail's newest events of caches, keys and buckets (cloudtrail:LookupEvents; about 20 seconds)",
    )
    parser.add_argument("--profile", help="AWS profile")
    parser.add_argument("--region", help="Region of the cache")
    parser.add_argument("--endpoint-url", help="where AWS is")
    parser.add_argument("--wait", default=300.0, type=duration, help="how long to wait for AWS (default: 5m)")
    parser.add_argument(
        "--transcript", type=Path, default=Path("live-check.json"), help="where requests and answers go, without ids"
    )
    return parser.parse_args(words)


def duration(text: str) -> float:
    """As the command line takes it."""
    try:
        return parse_duration(text)
    except typer.BadParameter as error:
        raise argparse.ArgumentTypeError(error.message) from error


def main(words: list[str]) -> int:
    """Runs it; answers the exit code."""
    given = arguments(words)
    try:
        session = boto3.Session(profile_name=given.profile, region_name=given.region)
    except BotoCoreError as error:
        print(error, file=sys.stderr)
        return 2
    if session.region_name is None:
        print("Name a Region: --region, AWS_REGION or a profile that has one.", file=sys.stderr)
        return 2
    settings = fcsse.Settings(
        session=session, region=session.region_name, endpoint_url=given.endpoint_url, wait=given.wait
    )
    real = Recording(session)
    first: fcsse.CheckResult | None = None
    try:
        first = Steps(given.cache, given.bucket, given.write, _say).take(real, settings)
    except fcsse.FcsseError as error:
        _say(f"{error.message} {error.hint}".rstrip())
        if isinstance(error, fcsse.UsageError):
            return 2
    lines = [Line(VERDICTS[one.judge(real)], one.text, source=one.source) for one in ASSUMPTIONS]
    if first is not None and first.facts is not None:
        steps = Steps(given.cache, given.bucket, given.write, lambda _: None)
        lines = compare(real, mirrored(first.facts, session.region_name, steps.take)) + lines
    recorded = None
    if given.events:
        _say("reading CloudTrail's event history")
        key = first.facts.key if first is not None and first.facts is not None else None
        regions = [session.region_name, *([key.arn.region] if key else [])]
        # A session of its own, which is not written down: events hold what others did.
        recorded = read_events(boto3.Session(profile_name=given.profile), regions, given.endpoint_url)
        lines += compare_events(recorded, played()) + event_lines(recorded)
    _write(given.transcript, real, lines, (given.cache, given.bucket), recorded)
    for line in lines:
        print(line)
    differing = sum(line.verdict == DIFFERS for line in lines)
    met = sum(line.verdict != UNKNOWN for line in lines)
    print(f"\n{len(lines)} lines: {met} met, {differing} differ. Transcript: {given.transcript}")
    if differing:
        print("Please report what differs; the transcript holds no ids, names or secrets.")
    return 1 if first is None or first.facts is None else 3 if differing else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _write(file: Path, real: Recording, lines: list[Line], names: tuple[str, ...], recorded: Read | None) -> None:
    exchanges = [
        {
            "step": one.step,
            "call": one.name,
            "request": masked(one.request),
            "status": one.status,
            "error": {"code": one.code, "message": masked_text(one.message, *names)} if one.code else None,
            "answer": masked(one.answer),
            "seconds": round(one.at, 1),
        }
        for one in real.exchanges
    ]
    found = [{"verdict": line.verdict, "subject": line.subject, "detail": line.detail} for line in lines]
    document = {"schema": "fcsse.live-check/1", "fcsse": fcsse.__version__, "lines": found, "exchanges": exchanges}
    if recorded is not None:
        document["events"] = examples(recorded, names)
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
