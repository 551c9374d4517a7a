"""The library, used as a program would: with its own session, looking at typed results, hearing nothing on the screen."""

import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

import fcsse
from fcsse.errors import ChangedError, CredentialsError, DeniedError, ImpossibleError, NotFoundError, UsageError
from fcsse.evaluator.request import Verdict
from fcsse.sandbox import Sandbox
from tests.sandbox.asking import identity
from tests.simulated import Shell

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@dataclass
class Heard:
    """A progress hook."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, done: int, total: int) -> None:
        pass


@dataclass
class Program:
    """A program with credentials of its own: nothing about AWS is in the environment."""

    sandbox: Sandbox
    folder: Path
    heard: Heard = field(default_factory=Heard)

    def session(self, account: str = "main") -> boto3.Session:
        who = self.sandbox.credentials(account)
        return boto3.Session(who.access_key, who.secret, region_name=self.sandbox.region)

    def settings(self, **more: typing.Any) -> fcsse.Settings:
        given = {"session": self.session(), "wait": 20.0, "backup_dir": self.folder / "backups", "progress": self.heard}
        return fcsse.Settings(**{**given, "endpoint_url": self.sandbox.url, **more})

    @property
    def writes(self) -> list[str]:
        return [one.operation for one in self.sandbox.requests if ":Put" in one.operation or "Grant" in one.operation]


@pytest.fixture
def program(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return Program(shell.sandbox, tmp_path)


@pytest.fixture(autouse=True)
def _silence(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Iterator[None]:
    """The library prints nothing, whatever happens."""
    yield
    if "example" not in request.fixturenames:
        assert capsys.readouterr() == ("", "")


def test_link_check_unlink(program: Program) -> None:
    before = program.sandbox.policy_text("data")
    assert [pair.read for pair in fcsse.check("fc-0123", "data", settings=program.settings())] == [Verdict.DENIED]

    done = fcsse.link("fc-0123", "data", settings=program.settings())
    assert isinstance(done, fcsse.Result)
    assert (done.changed, done.pending, done.dry_run, done.errors) == (True, False, False, ())
    assert re.fullmatch(r"[0-9a-f]{16}", done.digest)
    (outcome,) = done.outcomes
    assert (outcome.pair.cache, outcome.pair.bucket, outcome.status.value) == ("fc-0123", "data", "to-do")
    assert [path.stem for path in (program.folder / "backups").glob("*.json")] == list(done.backups)
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed

    (checked,) = fcsse.check(["fc-0123"], ["data"], settings=program.settings())
    assert isinstance(checked, fcsse.Checked)
    assert (checked.read, checked.write, checked.error) == (Verdict.ALLOWED, Verdict.ALLOWED, None)

    again = fcsse.link("fc-0123", "data", settings=program.settings())
    assert (again.changed, again.pending, again.backups) == (False, False, ())
    assert fcsse.unlink("fc-0123", "data", settings=program.settings()).changed
    assert program.sandbox.policy_text("data") == before


def test_a_dry_run_writes_nothing_and_its_digest_binds(program: Program) -> None:
    settings = program.settings()
    planned = fcsse.link("fc-0123", "data", dry_run=True, settings=settings)
    assert (planned.dry_run, planned.changed, planned.pending) == (True, False, True)
    assert not program.writes
    with pytest.raises(ChangedError) as caught:
        fcsse.link("fc-0123", "data", expect="0123456789abcdef", settings=settings)
    assert (caught.value.code, caught.value.exit_code) == ("changed", 7)
    assert not program.writes
    assert fcsse.link("fc-0123", "data", expect=planned.digest, settings=settings).changed


def test_only_the_sessions_credentials_are_used(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", program.sandbox.url)
    monkeypatch.setenv("FCSSE_BACKUP_DIR", "/nowhere")
    with pytest.raises(CredentialsError):
        fcsse.link("fc-0123", "data", settings=fcsse.Settings(region="eu-west-1", backup=False, wait=0))
    (checked,) = fcsse.check("fc-0123", "data", session=program.session())
    assert checked.error is None
    assert {one.account for one in program.sandbox.requests if one.account} == {"111122223333"}


def test_sessions_for_the_other_sides(program: Program) -> None:
    settings = program.settings(bucket_session=program.session("other"))
    done = fcsse.link("fc-0123", "data-other-account", settings=settings)
    assert done.changed
    assert program.sandbox.cache("fc-0123").read("data-other-account", "hello.txt").allowed
    assert {one.account for one in program.sandbox.requests.of("s3:GetBucketEncryption")} == {"444455556666"}
    assert {one.account for one in program.sandbox.requests.of("kms:CreateGrant")} == {"111122223333"}


def test_progress_is_heard(program: Program) -> None:
    program.sandbox.add_cache("fc-0aaa0aaa", ["data"], role_calls=2)
    assert fcsse.link("fc-0aaa0aaa", settings=program.settings()).changed
    assert any("waiting for the service-linked role of fc-0aaa0aaa" in step for step in program.heard.steps)


def test_errors_are_exceptions_with_a_way_out(program: Program) -> None:
    settings = program.settings(wait=0.0)
    with pytest.raises(NotFoundError) as missing:
        fcsse.link("fc-0012", "data", settings=settings)
    assert missing.value.hint
    with pytest.raises(ImpossibleError, match="DSSE"):
        fcsse.link("fc-0123", "data-dsse", settings=settings)
    who = program.sandbox.add_user("reader", identity("sts:GetCallerIdentity"))
    nobody = boto3.Session(who.access_key, who.secret, region_name="eu-west-1")
    with pytest.raises(DeniedError) as denied:
        fcsse.link("fc-0123", "data", settings=program.settings(session=nobody))
    assert denied.value.action
    assert denied.value.exit_code == 5
    for error in (missing.value, denied.value):
        assert isinstance(error, fcsse.FcsseError)
        assert str(error) == error.message


def test_the_error_of_one_pair_holds_what_was_done_for_the_others(program: Program) -> None:
    with pytest.raises(ImpossibleError) as caught:
        fcsse.link("fc-0123", ["data-dsse", "data"], settings=program.settings())
    result = caught.value.result
    assert isinstance(result, fcsse.Result)
    assert result.changed
    assert [outcome.status.value for outcome in result.outcomes] == ["blocked", "to-do"]
    assert result.errors == (caught.value,)
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed


def test_check_tells_of_what_it_could_not_read_instead_of_raising(program: Program) -> None:
    first, second = fcsse.check("fc-0123", ["no-such-bucket", "data"], settings=program.settings())
    assert isinstance(first.error, NotFoundError)
    assert (first.read, first.write) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert second.error is None


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda s: fcsse.link("fc_0123", "data", settings=s), "fc_0123"),
        (lambda s: fcsse.link("fc-0123", "Data", settings=s), "Data"),
        (lambda s: fcsse.link(settings=s), "every_cache"),
        (lambda s: fcsse.link("fc-0123", "data", every_cache=True, settings=s), "every_cache"),
        (lambda s: fcsse.link("fc-0123", "data", key="alias/x", settings=s), "alias/x"),
        (lambda s: fcsse.unlink("x", "data", settings=s), "'x'"),
        (lambda s: fcsse.check("x", "data", settings=s), "'x'"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_asked(
    program: Program, call: typing.Callable[[fcsse.Settings], object], told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        call(program.settings())
    assert len(program.sandbox.requests) == 0


def test_every_public_name_is_there_and_documented() -> None:
    for name in fcsse.__all__:
        value = getattr(fcsse, name)
        assert isinstance(value, str) or value.__doc__, name
    with pytest.raises(AttributeError, match="nothing"):
        _ = fcsse.nothing


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_readmes_examples_run(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, example: str
) -> None:
    for name, value in shell.sandbox.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    before = shell.sandbox.policy_text("data")
    exec(compile(example, str(README), "exec"), {"__name__": "example"})
    told = capsys.readouterr().out
    assert told
    assert ("fcsse.link(" in example) == (shell.sandbox.policy_text("data") != before)
    assert not example.count("print(pair.headline)") or "fc-0123 can read and write" in told
