"""What people see: the plan from the top down, colours, quiet and loud, names that look like markup."""

from __future__ import annotations

import json
import re

import pytest

from fcsse.sandbox import policies
from tests.cli.documented_statements import OWN, documented, role
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
            "Grant on the key",
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
    assert saved == f"Saved the old policy. To undo: fcsse restore {shell.backups[0]['id']}"


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


@pytest.mark.parametrize("bucket", ["data-stack", "data-other-account"])
def test_quiet_keeps_warnings_of_a_write_whenever_they_come(shell: Shell, bucket: str) -> None:
    assert "Warning: " in shell.link("fc-0123", bucket, "--dry-run").out
    run = shell.linked("fc-0123", bucket, "-q")
    assert "Warning" not in run.out
    assert run.err.startswith("Warning: ")


@pytest.mark.parametrize("bucket", ["data-stack", "data-other-account"])
def test_a_plan_s_warnings_are_part_of_the_answer_whenever_they_come(shell: Shell, bucket: str) -> None:
    run = shell.linked("fc-0123", bucket)
    assert "\nWarning: " in run.out
    assert run.err == ""


def test_dead_principals_that_go_are_listed_once(shell: Shell) -> None:
    run = shell.linked("fc-0123", "data-dead", "--prune-orphans")
    change = next(line for line in run.out.splitlines() if line.startswith("Change "))
    assert "AROA0000000FORMERROLE, which no longer exists, removed from statement 'Allow a former role'" in change
    *_, done, _ = run.out.splitlines()
    assert done.startswith("Linked fc-0123 to data-dead: a new statement ")
    assert done.endswith("; 2 dead principals removed. Confirmed.")


def test_whether_anything_was_written_has_a_line_of_its_own(shell: Shell) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", times=None)
    for run in (
        shell.link("fc-0123", "data"),
        shell.link("fc-0123", "data-sse-s3", "--expect", "0" * 16),
        shell.link("fc-0fff", "data", "--wait", "0"),
    ):
        assert run.err.count("Nothing was written") == 1
        assert run.err.splitlines()[-1] == "Nothing was written to AWS."


def test_markdown_of_what_was_done_says_so(shell: Shell) -> None:
    dry = shell.link("fc-0123", "data", "--dry-run", "-o", "markdown")
    assert "| **change**: a new statement" in dry.out
    done = shell.linked("fc-0123", "data", "-o", "markdown")
    assert "| **linked**: a new statement" in done.out
    assert shell.unlink("fc-0123", "data", "-o", "markdown").out.count("| **unlinked**: ") == 1
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=None)
    assert "| **not linked**: " in shell.link("fc-0123", "data", "-o", "markdown").out
    assert not [run for run in (dry, done) if "\n\n\n" in run.out]


def test_the_encryption_is_called_as_the_console_calls_it(shell: Shell) -> None:
    run = shell.unlink("fc-0123", "data-dsse")
    assert "Encryption  DSSE-KMS" in run.out


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


@pytest.mark.one_in(3)
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


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_no_sid_and_no_answer_of_aws_begins_a_line(shell: Shell, form: str) -> None:
    """CI reads lines such as ``::error::`` as commands, people read them as fcsse's own."""
    forged = "::error::forged"
    denial = policies.allow(f"a\n{forged}", f"arn:aws:iam::{OWN}:root", "kms:Decrypt")
    shell.append("data", {**denial, "Effect": "Deny", "Principal": "*"}, verbatim=True)
    shell.sandbox.add_cache("fc-0f0f", ["data"], lifecycle="FAILED", failure=f"It broke.\n{forged}", role=False)
    for words in (("link", "--cache", "fc-0123"), ("check", "--cache", "fc-0123"), ("link", "--cache", "fc-0f0f")):
        run = shell.run(*words, "--bucket", "data", "-o", form)
        assert run.code in (3, 4, 6), run.words
        assert forged in run.words
        assert not [line for line in run.words.splitlines() if line.lstrip(" *>-").startswith(forged)], run.words
    assert "\\n" in run.err


def test_a_policy_that_is_indented_by_tabs_is_shown_so(shell: Shell) -> None:
    tabbed = json.dumps(shell.sandbox.policy("data"), indent="\t")
    shell.sandbox.put_policy_verbatim("data", tabbed)
    run = shell.link("fc-0123", "data", "--dry-run")
    assert '+\t\t\t"Effect": "Allow",' in run.out.splitlines()


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
    assert "  change   data: fc-0123 (statement)" in lines
    assert "ok       data-sse-s3: fc-0123" in "\n".join(lines)
    assert "  blocked  data-dsse: fc-0123" in lines
    assert run.code == 4


def test_a_policy_of_others_with_latin_letters_is_shown_whole(shell: Shell) -> None:
    shell.append("data", policies.allow("Schlüssel für Zürich", f"arn:aws:iam::{OWN}:root", "kms:DescribeKey"))
    run = shell.link("fc-0123", "data", "--dry-run")
    assert run.code == 0
    shell.linked("fc-0123", "data")
    assert "Schlüssel für Zürich" in shell.sandbox.policy_text("data")
