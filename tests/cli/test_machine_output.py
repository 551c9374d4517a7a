"""``-o json`` and ``-o markdown``: one document, also when it fails."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import typer

from fcsse.cli.app import GroupedHelp
from fcsse.cli.completion_table import OF_COMMAND, OPTIONS
from tests.cli.documented_statements import OWN, role
from tests.cli.shell import WRITES, Shell

LINK = ("link", "--cache", "fc-0123")

ENDINGS: dict[str, tuple[tuple[str, ...], int, str | None]] = {
    "linked": ((*LINK, "--bucket", "data"), 0, None),
    "dry run": ((*LINK, "--bucket", "data", "--dry-run", "--exit-code"), 3, None),
    "nothing to do": ((*LINK, "--bucket", "data-sse-s3"), 0, None),
    "grant": ((*LINK, "--bucket", "data-other-account"), 0, None),
    "unlink nothing": (("unlink", "--cache", "fc-0123", "--bucket", "data"), 0, None),
    "impossible": ((*LINK, "--bucket", "data-dsse"), 4, "impossible"),
    "dead": ((*LINK, "--bucket", "data-dead"), 4, "policy-refused"),
    "full": ((*LINK, "--bucket", "data-full"), 4, "policy-full"),
    "denied": ((*LINK, "--bucket", "data-other-secret"), 5, "denied"),
    "grant denied": ((*LINK, "--bucket", "data-other-console"), 5, "denied"),
    "no bucket": ((*LINK, "--bucket", "no-such-bucket"), 6, "not-found"),
    "no cache": (("link", "--cache", "fc-0fff", "--bucket", "data"), 6, "not-found"),
    "changed": ((*LINK, "--bucket", "data", "--expect", "0123456789abcdef"), 7, "changed"),
    "bad id": (("link", "--cache", "fc_0123", "--bucket", "data"), 2, "usage"),
    "bad bucket": ((*LINK, "--bucket", "Data_"), 2, "usage"),
    "unknown option": ((*LINK, "--bukket", "data"), 2, "usage"),
    "missing value": ((*LINK, "--bucket"), 2, "usage"),
    "no cache named": (("link", "--bucket", "data"), 2, "usage"),
    "bad choice": ((*LINK, "--bucket", "data", "--via", "magic"), 2, "usage"),
    "bad duration": ((*LINK, "--bucket", "data", "--wait", "soon"), 2, "usage"),
    "bad key": ((*LINK, "--bucket", "data", "--key", "alias data"), 2, "usage"),
    "contradiction": ((*LINK, "--every-cache", "--bucket", "data"), 2, "usage"),
}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("words", "code", "error"), ENDINGS.values(), ids=ENDINGS.keys())
def test_stdout_is_exactly_one_json_document(
    shell: Shell, words: tuple[str, ...], code: int, error: str | None
) -> None:
    # The option goes first: it must be understood whatever is wrong behind it.
    run = shell.run(words[0], "-o", "json", *words[1:])
    assert run.code == code, run.words
    document = run.json
    assert document["schema"] == "fcsse/2"
    assert document["command"] == words[0]
    assert document["exit_code"] == code
    assert document["changed"] is (code == 0 and bool(WRITES.intersection(run.operations)))
    assert run.out.isascii()
    if error is None:
        assert "error" not in document
        assert run.err == ""
    else:
        assert document["error"].keys() == {"code", "message", "hint"}
        assert document["error"]["code"] == error
        assert document["error"]["message"]
        assert document["error"]["message"] in run.err


@pytest.mark.parametrize(
    "spelling", [("-o", "json"), ("-ojson",), ("--output", "json"), ("--output=json",), ()], ids=" ".join
)
def test_every_spelling_of_the_option_counts_for_usage_errors(shell: Shell, spelling: tuple[str, ...]) -> None:
    env = {} if spelling else {"FCSSE_OUTPUT": "json"}
    run = shell.run("link", "--cache", "x", *spelling, env=env)
    assert (run.code, run.json["error"]["code"]) == (2, "usage")


NAMED = ("--cache", "fc-0123", "--bucket", "data")
ANSWERED: dict[str, tuple[str, ...]] = {
    "link": NAMED,
    "unlink": NAMED,
    "check": NAMED,
    "statement": NAMED,
    "audit": (),
    "backups": (),
    "restore": ("--dry-run",),
    "permissions": ("link",),
    "history": ("--bucket", "data"),
    "settle": ("--bucket", "data"),
    "census": ("--bucket", "data"),
}
FORMS = [
    (command, form)
    for command, options in OF_COMMAND.items()
    for name in options.split()
    if name.rpartition(":")[2] == "output"
    for form in OPTIONS[name][3] or ()
]


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("command", "form"), FORMS)
def test_each_form_that_is_offered_is_answered(shell: Shell, command: str, form: str) -> None:
    shell.sandbox.switches.lookups_per_second = 0  # two a second in the real time that nothing here waits for
    words = ANSWERED[command]
    if command == "restore":
        shell.linked("fc-0123", "data")
        words = (shell.run("backups", "-o", "json").json["backups"][0]["id"], *words)
    run = shell.run(command, *words, "-o", form)
    assert run.code in (0, 3), run.words
    assert run.out


def test_no_command_at_all_is_still_json(shell: Shell) -> None:
    run = shell.run("lnk", "-o", "json")
    assert (run.code, run.json["error"]["code"]) == (2, "usage")


def test_the_document_of_a_link(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    run = shell.link("fc-0123", "data", "-o", "json")
    document = run.json
    key = shell.sandbox.key("data").arn
    assert (document["changed"], document["changes_pending"], document["dry_run"]) == (True, False, False)
    [pair], [change] = document["pairs"], document["changes"]
    expected = {
        "cache": "fc-0123",
        "bucket": "data",
        "status": "done",
        "route": "policy",
        "account": OWN,
        "role": role("fc-0123"),
        "bucket_region": "eu-west-1",
        "encryption": "aws:kms",
        "bucket_keys": False,
        "key": key,
        "key_state": "Enabled",
        "error": None,
    }
    assert {name: pair[name] for name in expected} == expected
    assert (change["type"], change["key"], change["before"]) == ("policy", key, before)
    assert change["after"] == shell.sent()[0]
    assert change["diff"][:2] == ["--- key policy (now)", "+++ key policy (planned)"]
    assert change["backup"] == shell.backups[0]["id"]


def test_the_digest_is_the_same_in_every_form(shell: Shell) -> None:
    text = shell.link("fc-0123", "data", "--dry-run")
    document = shell.link("fc-0123", "data", "--dry-run", "-o", "json").json
    assert (document["digest"], document["changes_pending"], document["changed"]) == (text.digest, True, False)
    assert text.digest in shell.link("fc-0123", "data", "--dry-run", "-o", "markdown").out


def test_a_failed_write_is_told_with_its_change(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", message="made up", times=None)
    document = shell.link("fc-0123", "data", "-o", "json").json
    assert document["exit_code"] == 5
    assert (document["changed"], document["error"]["code"]) == (False, "denied")
    assert document["changes"][0]["result"] == "failed"
    assert document["pairs"][0]["status"] == "failed"


def test_a_failure_and_a_success_in_one_call_are_both_in_it(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-dsse", "-o", "json")
    assert run.code == 4
    assert [pair["status"] for pair in run.json["pairs"]] == ["done", "blocked"]
    assert (run.json["changed"], run.json["changes_pending"]) == (True, False)
    assert run.json["pairs"][1]["error"]["code"] == "impossible"


def test_of_two_keys_one_that_failed_is_still_to_be_changed(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", code="KMSInvalidStateException", status=400)
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-alias", "-o", "json")
    assert run.code != 0
    assert sorted(pair["status"] for pair in run.json["pairs"]) == ["done", "failed"]
    assert (run.json["changed"], run.json["changes_pending"]) == (True, True)


def test_interruption_is_one_document_too(shell: Shell) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with shell.patch.context() as patch:
        patch.setattr("fcsse.pipeline.Pipeline.plan", lambda *_: interrupt(None))
        run = shell.link("fc-0123", "data", "-o", "json")
    assert run.code == 130
    assert (run.json["error"]["code"], run.json["exit_code"], run.json["changed"]) == ("interrupted", 130, False)
    assert "Nothing was written" in run.json["error"]["message"]


@pytest.mark.parametrize("where", ["fcsse.cli.app.load", "fcsse.cli.app.GroupedHelp.parse_args"])
def test_interruption_while_the_command_is_read_is_one_document_too(shell: Shell, where: str) -> None:
    """Typer made exit code 130 of it, without a word."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with shell.patch.context() as patch:
        patch.setattr(where, interrupt)
        run = shell.link("fc-0123", "data", "-o", "json")
    assert (run.code, run.json["error"]["code"], run.json["changed"]) == (130, "interrupted", False)
    assert "link was interrupted. Nothing was written to AWS." in run.err


def test_interruption_after_the_answer_says_what_was_written(shell: Shell) -> None:
    run_command = GroupedHelp.invoke

    def interrupted(self: GroupedHelp, ctx: object) -> None:
        with suppress(typer.Exit):
            run_command(self, ctx)
        raise KeyboardInterrupt

    with shell.patch.context() as patch:
        patch.setattr("fcsse.cli.app.GroupedHelp.invoke", interrupted)
        run = shell.link("fc-0123", "data", "-o", "json")
    assert (run.code, run.json["exit_code"], run.json["changed"]) == (130, 0, True)
    assert "Interrupted. Written: the policy of key" in run.err


def test_markdown_has_a_table_and_a_diff(shell: Shell) -> None:
    run = shell.link("fc-0123", "data", "--dry-run", "-o", "markdown")
    lines = run.out.splitlines()
    assert lines[0] == "### fcsse link (dry run)"
    assert lines[2].startswith("| cache | bucket |")
    assert "```diff" in lines
    assert any(line.startswith("+") and "AWSServiceRoleForFSxS3Access_fc-0123" in line for line in lines)
    assert run.err == ""


@pytest.mark.parametrize("words", [("--bucket", "data-dsse"), ("--bucket", "Data_")])
def test_markdown_tells_errors(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.run("link", "--cache", "fc-0123", *words, "-o", "markdown")
    assert run.code in (2, 4)
    assert "**Error:**" in run.out


def test_markdown_takes_no_name_for_markup(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.put_policy(
        "data", json.loads(shell.sandbox.policy_text("data").replace("Allow FSx", "``` | <b> @all FSx"))
    )
    run = shell.link("fs-0abc", "data", "--dry-run", "-o", "markdown")
    table = next(line for line in run.out.splitlines() if line.startswith("| `fs-0abc`"))
    assert table.count("|") == 6
    assert "@<!-- -->all" in table
    assert "<b>" not in table
    fences = [line for line in run.out.splitlines() if line.startswith("````")]
    assert len(fences) == 2
