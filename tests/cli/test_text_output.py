"""What people see: the plan from the top down, colours, quiet and loud, names that look like markup."""

from __future__ import annotations

import re

import pytest

from fcsse.sandbox import policies
from tests.cli.page import OWN, documented, role
from tests.cli.shell import Shell

ESCAPE = "\x1b"


def test_the_plan_reads_from_the_top_down(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data-other-account")
    places = [
        run.out.index(part)
        for part in (
            "Cache ",
            "Role ",
            "Bucket ",
            "Encryption ",
            "Key ",
            "Route ",
            "Warning: ",
            "Grant on key",
            "Linked",
        )
    ]
    assert places == sorted(places)
    assert run.err == ""


def test_facts_are_what_they_are(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data-other-region")
    facts = dict(re.findall(r"^([A-Z]\w+) {2,}(.+)$", run.out, re.MULTILINE))
    assert facts["Cache"] == "fc-0123"
    assert facts["Role"] == role("fc-0123")
    assert facts["Bucket"] == "data-other-region (us-east-1)"
    assert facts["Encryption"] == "SSE-KMS, Bucket Keys off"
    assert facts["Key"] == f"{shell.sandbox.key('data-other-region').arn} (enabled)"
    assert facts["Route"] == "key policy"


def test_the_last_lines_say_what_was_done_and_how_to_go_back(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data")
    *_, done, saved = run.out.splitlines()
    assert done.startswith("Linked fc-0123 to data:")
    assert saved == f"The policy from before is saved: fcsse restore {shell.backups[0]['id']}"


@pytest.mark.parametrize("words", [(), ("--no-color",), ("-v",)])
def test_no_colours_and_no_questions_without_a_terminal(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.linked("fc-0123", "data", *words)
    assert ESCAPE not in run.words
    assert "[y/N]" not in run.words


def test_quiet_leaves_the_last_lines_and_errors(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data", "-q")
    assert run.out.startswith("Linked fc-0123 to data")
    assert len(run.out.splitlines()) <= 2
    failed = shell.link("fc-0123", "data-dsse", "-q")
    assert (failed.code, failed.out) == (4, "")
    assert failed.err.startswith("Error: ")


def test_verbose_names_the_steps_on_stderr(shell: Shell) -> None:
    plain, loud = shell.linked("fc-0123", "data"), shell.linked("fc-0456", "data", "-v")
    assert plain.err == ""
    steps = loud.err.splitlines()
    assert any("looking up roles and buckets" in step for step in steps)
    assert any("updating the policy of key" in step for step in steps)
    assert not any("looking up" in line for line in loud.out.splitlines())


def test_tracebacks_only_at_the_second_v(shell: Shell) -> None:
    for words, expected in (((), False), (("-v",), False), (("-vv",), True)):
        run = shell.link("fc-0123", "data", "--expect", "0123456789abcdef", *words)
        assert run.code == 7
        assert ("Traceback" in run.words) is expected


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
@pytest.mark.parametrize(
    ("command", "bucket"), [("link", "no-such-bucket"), ("check", "no-such-bucket"), ("link", "data-dsse")]
)
def test_the_second_v_shows_where_the_error_of_one_pair_comes_from(
    shell: Shell, command: str, bucket: str, output: str
) -> None:
    words = (command, "--cache", "fc-0123", "--bucket", "data", "--bucket", bucket, "-o", output)
    for more, expected in (((), False), (("-v",), False), (("-vv",), True)):
        run = shell.run(*words, *more)
        assert ("Traceback" in run.err) is expected
        assert "Traceback" not in run.out


def test_an_error_says_what_and_why_and_what_next(shell: Shell) -> None:
    for bucket in ("data-dsse", "data-full", "data-dead", "data-disabled", "data-other-secret", "no-such-bucket"):
        run = shell.link("fc-0123", bucket)
        first, *rest = run.err.splitlines()
        assert re.match(r"Error: \w+ing .+: .+", first), run.err
        assert rest, run.err
        assert all(rest), run.err


SID = "[bold]Caches[/bold] [link=http://x]here[/]"


@pytest.mark.parametrize("words", [(), ("-v",), ("-o", "markdown")])
def test_a_sid_that_looks_like_markup_is_printed_as_it_is(shell: Shell, words: tuple[str, ...]) -> None:
    shell.append("data", {**documented("fc-0456", "data"), "Sid": SID})
    run = shell.linked("fc-0123", "data", *words)
    if "markdown" in words:
        assert r"\[bold\]Caches" in run.out
    else:
        assert SID in run.out


def test_control_characters_in_a_sid_are_escaped(shell: Shell) -> None:
    """KMS takes tabs and line ends; nothing of them may move the cursor or fake a line."""
    sid = "a\tb\nLinked fc-0123 to data"
    shell.append("data", {**documented("fc-0456", "data"), "Sid": sid}, verbatim=True)
    run = shell.link("fc-0123", "data", "--dry-run")
    assert run.code == 0
    assert "Linked fc-0123 to data" not in [line.strip() for line in run.out.splitlines()]
    assert all(character.isprintable() or character == "\n" for character in run.words), repr(run.words)


def test_escape_codes_in_a_name_never_reach_the_screen(shell: Shell) -> None:
    sid = f"{ESCAPE}[31mred\x07\x9b31m"
    shell.append("data", {**documented("fc-0456", "data"), "Sid": sid}, verbatim=True)
    run = shell.link("fc-0123", "data", "--dry-run")
    for control in (ESCAPE, "\x07", "\x9b"):
        assert control not in run.words


def test_an_error_text_of_aws_is_escaped_too(shell: Shell) -> None:
    shell.sandbox.fault("kms:*", "AccessDeniedException", message=f"no {ESCAPE}[2J way [bold]", times=None)
    run = shell.link("fc-0123", "data")
    assert run.code == 5
    assert ESCAPE not in run.words
    assert "[bold]" in run.err


def test_from_three_pairs_on_each_has_one_line(shell: Shell) -> None:
    words = [word for bucket in ("data", "data-sse-s3", "data-dsse") for word in ("--bucket", bucket)]
    run = shell.run("link", "--cache", "fc-0123", *words)
    lines = run.out.splitlines()
    assert lines[0].startswith("change fc-0123 to data")
    assert lines[1].startswith("as is  fc-0123 to data-sse-s3")
    assert lines[2].startswith("cannot fc-0123 to data-dsse")
    assert run.code == 4


def test_a_policy_of_others_with_latin_letters_is_shown_whole(shell: Shell) -> None:
    shell.append("data", policies.allow("Schlüssel für Zürich", f"arn:aws:iam::{OWN}:root", "kms:DescribeKey"))
    run = shell.link("fc-0123", "data", "--dry-run")
    assert run.code == 0
    shell.linked("fc-0123", "data")
    assert "Schlüssel für Zürich" in shell.sandbox.policy_text("data")
