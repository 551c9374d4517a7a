"""``FCSSE_<OPTION>`` for every option, and the AWS settings of any AWS program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.core import TyperOption

from fcsse.cli.app import load
from fcsse.cli.known_variables import ELSEWHERE, known_variables
from fcsse.cli.overview import COMMANDS
from tests.cli.documented_statements import CONTEXT, role
from tests.cli.shell import WRITES, Shell

PAIR = {"FCSSE_CACHE": "fc-0123", "FCSSE_BUCKET": "data"}


def test_cache_and_bucket_come_from_the_environment(shell: Shell) -> None:
    assert shell.run("link", env=PAIR).code == 0
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.run("unlink", env=PAIR).code == 0
    assert shell.works("fc-0123", "data") == (False, False)


def test_several_values_are_separated_by_spaces(shell: Shell) -> None:
    run = shell.run("link", FCSSE_CACHE="fc-0123 fs-0abc", FCSSE_BUCKET="data data-bucket-keys")
    assert run.code == 0, run.words
    for cache in ("fc-0123", "fs-0abc"):
        for bucket in ("data", "data-bucket-keys"):
            assert shell.works(cache, bucket) == (True, True)


def test_the_command_line_wins(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fs-0abc", env=PAIR)
    assert run.code == 0
    assert shell.last("data")["Principal"]["AWS"] == role("fs-0abc")


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_a_dry_run_by_environment_writes_nothing(shell: Shell, value: str) -> None:
    run = shell.run("link", FCSSE_DRY_RUN=value, FCSSE_EXIT_CODE="1", env=PAIR)
    assert run.code == 3
    assert not WRITES.intersection(run.operations)


def test_expect_by_environment_is_never_ignored(shell: Shell) -> None:
    run = shell.run("link", FCSSE_EXPECT="0123456789abcdef", env=PAIR)
    assert run.code == 7
    assert not WRITES.intersection(run.operations)


def test_options_that_change_what_happens(shell: Shell) -> None:
    assert shell.run("link", FCSSE_CONTEXT="both", env=PAIR).code == 0
    assert len(shell.last("data")["Condition"]["StringLike"][CONTEXT]) == 2
    assert shell.run("link", FCSSE_VIA="grant", env=PAIR).code == 0
    assert len(shell.grants("data")) == 1
    run = shell.run("link", FCSSE_EVERY_CACHE="1", FCSSE_BUCKET="data-bucket-keys")
    assert run.code == 0
    assert shell.last("data-bucket-keys")["Principal"] in ("*", {"AWS": "*"})


def test_output_by_environment(shell: Shell) -> None:
    assert shell.run("link", FCSSE_OUTPUT="json", env=PAIR).json["changed"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FCSSE_CACHE", "nonsense"),
        ("FCSSE_BUCKET", "No_Bucket"),
        ("FCSSE_WAIT", "soon"),
        ("FCSSE_VIA", "magic"),
        ("FCSSE_CONTEXT", "none"),
        ("FCSSE_EXPECT", "digest"),
        ("FCSSE_KEY", "alias x"),
        ("FCSSE_GRANT_ROLE", "Admin"),
        ("FCSSE_BUCKET_ROLE", "Admin"),
        ("FCSSE_BUCKET_REGION", "Ireland"),
        ("FCSSE_REGION", "Ireland"),
        ("FCSSE_OUTPUT", "yaml"),
    ],
)
def test_a_malformed_value_is_a_usage_error(idle: Shell, name: str, value: str) -> None:
    run = idle.run("link", env={**PAIR, name: value})
    assert run.code == 2
    assert run.operations == ()


@pytest.mark.parametrize(
    ("command", "name", "option", "value"),
    [
        ("link", "FCSSE_DRY_RUN", "--dry-run", "maybe"),
        ("link", "FCSSE_CACHE", "--cache", "nonsense"),
        ("check", "FCSSE_BUCKET", "--bucket", "DATA"),
        ("link", "FCSSE_VERBOSE", "--verbose", "much"),
        ("audit", "FCSSE_OUTPUT", "--output", "yaml"),
    ],
)
def test_a_malformed_value_is_blamed_on_its_variable(
    idle: Shell, command: str, name: str, option: str, value: str
) -> None:
    env = {name: value} if command == "audit" else {**PAIR, name: value}
    run = idle.run(command, env=env)
    assert run.code == 2
    assert run.err.startswith(f"Error: Invalid value in {name}, which stands for '{option}'"), run.err
    assert repr(value) in run.err


def test_a_malformed_value_that_was_typed_is_not(idle: Shell) -> None:
    run = idle.run("link", "--bucket", "DATA", env={"FCSSE_BUCKET": "data"})
    assert run.err.startswith("Error: Invalid value for '--bucket': 'DATA' is not a bucket name")
    run = idle.run("link", "--cache", "DATA")
    assert run.err.startswith("Error: Invalid value for '--cache': 'DATA' is not the id")


@pytest.mark.parametrize("command", ["link", "unlink", "restore", "audit"])
@pytest.mark.parametrize(("name", "value"), [("FCSSE_DRY_RUN", ""), ("FCSSE_DRY_RUN", " "), ("FCSSE_EXPECT", "")])
def test_what_keeps_from_writing_is_not_ignored_where_it_is_empty(
    idle: Shell, command: str, name: str, value: str
) -> None:
    words = {"restore": ("2026",), "audit": ("--fix",)}.get(command, ())
    run = idle.run(command, *words, "-o", "json", env={**(PAIR if not words else {}), name: value})
    assert (run.code, run.operations) == (2, ())
    assert f"{name} is set, but empty" in run.json["error"]["message"]
    assert "unset it" in run.json["error"]["message"]


@pytest.mark.parametrize("command", ["link", "unlink"])
def test_what_keeps_from_writing_more_is_not_ignored_where_it_is_empty(idle: Shell, command: str) -> None:
    """Without a bucket, all of the cache's are meant; without ``read``, writing is, too."""
    names = ("FCSSE_BUCKET", *(("FCSSE_OPERATIONS", "FCSSE_NARROW_GRANT") if command == "link" else ()))
    for name in names:
        run = idle.run(command, "-o", "json", env={**PAIR, name: ""})
        assert (run.code, run.operations) == (2, ())
        assert f"{name} is set, but empty" in run.json["error"]["message"]


def test_a_typed_option_wins_over_an_empty_variable(shell: Shell) -> None:
    run = shell.run("link", "--dry-run", env={**PAIR, "FCSSE_DRY_RUN": ""})
    assert run.code == 0
    assert not WRITES.intersection(run.operations)
    assert shell.run("check", env={**PAIR, "FCSSE_DRY_RUN": ""}).code == 3, "it has no such option"


@pytest.mark.parametrize(("value", "steps"), [("true", True), ("1", True), ("2", True), ("no", False), ("0", False)])
def test_verbose_by_environment_is_a_number_or_yes_or_no(shell: Shell, value: str, steps: bool) -> None:
    run = shell.run("link", env={**PAIR, "FCSSE_VERBOSE": value})
    assert run.code == 0, run.err
    assert ("looking up roles" in run.err) is steps


def test_an_empty_backup_folder_is_a_slip_where_it_was_typed_and_none_in_the_environment(shell: Shell) -> None:
    for words in (("link", "--cache", "fc-0123", "--bucket", "data"), ("backups",), ("restore", "2026")):
        run = shell.run(*words, "--backup-dir", "")
        assert (run.code, run.operations) == (2, ())
        assert "--backup-dir" in run.err
    assert shell.run("link", env={**PAIR, "FCSSE_BACKUP_DIR": ""}).code == 0
    assert len(shell.backups) == 1


def _options_of_any_text() -> list[tuple[str, str]]:
    found = [(name, one) for name in COMMANDS if name != "sandbox" for one in load(name).params]
    return [
        (name, one.opts[0])
        for name, one in found
        if isinstance(one, TyperOption) and one.type.name in ("str", "path") and not one.multiple
    ]


@pytest.mark.parametrize(("command", "option"), _options_of_any_text())
def test_an_option_that_is_empty_is_a_slip(idle: Shell, command: str, option: str) -> None:
    """As of a shell's variable that is not set: it is not the default, and nothing else is blamed. An empty prefix is one."""
    words = {"restore": ("2026",), "permissions": ("link",), "census": ("--bucket", "data")}.get(command, ())
    run = idle.run(command, *words, option, "")
    refused = run.err.startswith(f"Error: Invalid value for '{option}': it is empty")
    assert (run.code == 2 and refused and not run.operations) is (option != "--prefix"), run.words


def test_the_backup_folder_by_environment(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    assert shell.run("link", FCSSE_BACKUP_DIR=str(folder), env=PAIR).code == 0
    assert len(list(folder.glob("*.json"))) == 1
    assert shell.backups == []


def test_no_backup_by_environment(shell: Shell) -> None:
    assert shell.run("link", FCSSE_NO_BACKUP="1", env=PAIR).code == 0
    assert shell.backups == []


def profile_file(shell: Shell, tmp_path: Path) -> dict[str, str]:
    """Settings that hold everything but credentials and Region, which are in the profile ``ours``."""
    mine = shell.sandbox.credentials()
    config = tmp_path / "config"
    config.write_text(
        "[profile ours]\nregion = us-east-1\n"
        f"aws_access_key_id = {mine.access_key}\naws_secret_access_key = {mine.secret}\n",
        encoding="utf-8",
    )
    return {"AWS_CONFIG_FILE": str(config)}


NO_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")


@pytest.mark.parametrize("how", ["option", "AWS_PROFILE", "FCSSE_PROFILE"])
def test_a_profile_gives_credentials_and_region(shell: Shell, tmp_path: Path, how: str) -> None:
    words = ("--profile", "ours") if how == "option" else ()
    env = {**profile_file(shell, tmp_path), **({} if words else {how: "ours"})}
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", *words, without=NO_KEYS, env=env)
    assert run.code == 0, run.words
    assert shell.sandbox.requests.of("kms:PutKeyPolicy")[0].region == "eu-west-1"


@pytest.mark.parametrize("how", ["option", "FCSSE_ENDPOINT_URL"])
def test_the_endpoint_can_be_named(shell: Shell, how: str) -> None:
    url = shell.sandbox.url
    words = ("--endpoint-url", url) if how == "option" else ()
    env = {} if words else {how: url}
    run = shell.run("link", *words, without=("AWS_ENDPOINT_URL",), env={**PAIR, **env})
    assert run.code == 0, run.words


def test_the_region_does_not_matter_where_everything_is_named(shell: Shell) -> None:
    """A role's and a key's ARN say the account and the Region."""
    assert shell.run("link", region="us-west-2", env=PAIR).code == 0
    assert shell.last("data")["Condition"]["StringEquals"]["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    run = shell.run("link", "--cache", "fs-0abc", "--bucket", "data", "--region", "ap-south-1")
    assert run.code == 0


def test_the_user_agent_names_the_program(shell: Shell) -> None:
    shell.run("link", env=PAIR)
    assert all("fcsse/" in entry.user_agent for entry in shell.sandbox.requests)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("FCSSE_DRYRUN", "FCSSE_DRY_RUN"),
        ("FCSSE_DRY_RUNS", "FCSSE_DRY_RUN"),
        ("fcsse_dry_run", "FCSSE_DRY_RUN"),
        ("FCSSE_Expect", "FCSSE_EXPECT"),
        ("FCSSE_CACHES", "FCSSE_CACHE"),
        ("FCSSE_NO_BUCKET_KEYS", "FCSSE_BUCKET_KEYS"),
        ("FCSSE_ROLENAME", "FCSSE_ROLE_NAME"),
        ("FCSSE_XYZ", ""),
    ],
)
def test_a_variable_that_nobody_reads_is_told(idle: Shell, name: str, meant: str) -> None:
    """It is a warning: other programs may have a variable of that name. Its value may be a secret."""
    run = idle.run("check", "--cache", "fc-0123", "-q", "-o", "json", "--bucket", "DATA", env={name: "s3cr3t"})
    told = f"Warning: {name} is set, but it is no variable of fcsse and is ignored."
    assert run.err.splitlines()[0] == told + (f" Did you mean {meant}?" if meant else "")
    assert run.json["error"]["code"] == "usage"
    assert "s3cr3t" not in run.words


def test_variables_of_options_scripts_and_of_other_programs_are_not_told(idle: Shell) -> None:
    by_options = {
        str(one.envvar) for name in COMMANDS if name != "sandbox" for one in load(name).params if one.envvar is not None
    }
    assert known_variables() == by_options.union(ELSEWHERE)
    others = {**dict.fromkeys(ELSEWHERE, "1"), "FCSSE": "1", "MY_FCSSE_X": "1", "_FCSSE_X": "1", "fcsse_other": "1"}
    run = idle.run("backups", env={**others, "FCSSE_ROLE_NAME": "Audit"})
    assert (run.code, run.err) == (0, "")


def test_no_variable_of_the_repository_is_unknown() -> None:
    root = Path(__file__).parents[2]
    read = [path for folder in ("fcsse", "scripts", ".github", ".ci") for path in (root / folder).rglob("*")]
    texts = (
        path.read_text(encoding="utf-8") for path in read if path.is_file() and path.suffix not in (".pyc", ".zip")
    )
    found = {name for text in texts for name in re.findall(r"\bFCSSE_[A-Z][A-Z_]*[A-Z]\b", text)}
    assert found - known_variables() == {"FCSSE_NAME", "FCSSE_DRYRUN"}, "both are examples"
