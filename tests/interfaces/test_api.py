"""The library, used as a program would: with its own session, looking at typed results, hearing nothing on the screen."""

import enum
import re
import typing

import boto3
import pytest

import fcsse
from fcsse import errors
from fcsse.errors import ChangedError, CredentialsError, DeniedError, ImpossibleError, NotFoundError, UsageError
from fcsse.evaluator.request import Verdict
from fcsse.iac.parts import Addition
from fcsse.planning.changes import Change
from tests.interfaces.program import Program, program, silence
from tests.sandbox.clients import identity

__all__ = ["program", "silence"]


def test_link_check_unlink(program: Program) -> None:
    before = program.sandbox.policy_text("data")
    assert [pair.read for pair in fcsse.check("fc-0123", "data", settings=program.settings())] == [Verdict.DENIED]

    done = fcsse.link("fc-0123", "data", settings=program.settings())
    assert isinstance(done, fcsse.Result)
    assert (done.changed, done.pending, done.dry_run, done.errors) == (True, False, False, ())
    assert re.fullmatch(r"[0-9a-f]{16}", done.digest)
    (outcome,) = done.outcomes
    assert (outcome.pair.cache, outcome.pair.bucket, done.pair_results) == ("fc-0123", "data", (fcsse.PairResult.DONE,))
    assert [path.stem for path in (program.folder / "backups").glob("*.json")] == list(done.backups)
    assert program.sandbox.cache("fc-0123").read("data", "hello.txt").allowed

    (checked,) = fcsse.check(["fc-0123"], ["data"], settings=program.settings())
    assert isinstance(checked, fcsse.CheckResult)
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
    assert result.pair_results == (fcsse.PairResult.BLOCKED, fcsse.PairResult.DONE)
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
        (lambda s: fcsse.link(settings=s), "link: no cache is named"),
        (lambda s: fcsse.link("fc-0123", "data", every_cache=True, settings=s), "every_cache"),
        (lambda s: fcsse.link("fc-0123", "data", key="alias x", settings=s), "alias x"),
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


@pytest.mark.parametrize("empty", [[], (), {}, iter(())])
def test_an_empty_list_of_buckets_is_never_all_of_them(program: Program, empty: typing.Iterable[str]) -> None:
    """``link(cache, [one for one in … if …])`` would otherwise change the keys of every bucket of the cache."""
    settings = program.settings()
    calls: list[typing.Callable[[], object]] = [
        lambda: fcsse.link("fc-0123", empty, settings=settings),
        lambda: fcsse.unlink("fc-0123", empty, settings=settings),
        lambda: fcsse.plan("fc-0123", empty, settings=settings),
        lambda: fcsse.check("fc-0123", empty, settings=settings),
        lambda: fcsse.statement("fc-0123", empty, settings=settings),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="bucket is empty"):
            call()
    assert len(program.sandbox.requests) == 0


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda given: fcsse.link("fc-0123", "data", **given), "dry_run"),
        (lambda given: fcsse.link("fc-0123", "data", **given), "every_cache"),
        (lambda given: fcsse.link("fc-0123", "data", **given), "narrow_grant"),
        (lambda given: fcsse.link("fc-0123", "data", **given), "prune_orphans"),
        (lambda given: fcsse.link("fc-0123", "data", **given), "bucket_keys"),
        (lambda given: fcsse.unlink("fc-0123", "data", **given), "dry_run"),
        (lambda given: fcsse.unlink("fc-0123", "data", **given), "prune_orphans"),
        (lambda given: fcsse.plan("fc-0123", "data", **given), "narrow_grant"),
        (lambda given: fcsse.check("fc-0123", "data", **given), "bucket_keys"),
        (lambda given: fcsse.statement("fc-0123", "data", **given), "narrow_grant"),
        (lambda given: fcsse.restore("2026", **given), "discard_others"),
        (lambda given: fcsse.restore("2026", **given), "accept_edited"),
        (lambda given: fcsse.restore("2026", **given), "dry_run"),
        (lambda given: fcsse.settle(bucket="data", **given), "dry_run"),
    ],
)
def test_a_text_is_neither_yes_nor_no(
    program: Program, call: typing.Callable[[dict[str, object]], object], name: str
) -> None:
    """Python takes ``"false"`` for a yes, and None of an empty setting for a no."""
    for given in ("false", 0, None)[: 2 if name == "bucket_keys" else 3]:
        with pytest.raises(UsageError, match=f"{name}={given!r}: neither True nor False"):
            call({name: given, "settings": program.settings()})
    assert len(program.sandbox.requests) == 0


@pytest.mark.parametrize("wait", ["5m", -1, float("nan"), True, None])
def test_a_wait_is_a_number_of_seconds(program: Program, wait: typing.Any) -> None:
    with pytest.raises(UsageError, match="not a number of seconds"):
        fcsse.link("fc-0123", "data", settings=program.settings()._replace(wait=wait))
    assert len(program.sandbox.requests) == 0


def test_every_public_name_is_there_and_documented() -> None:
    assert fcsse.__all__ == sorted(fcsse.__all__, key=lambda name: (not name[0].isupper(), name))
    assert set(fcsse.__all__) <= set(dir(fcsse))
    for name in fcsse.__all__:
        value = getattr(fcsse, name)
        assert isinstance(value, str) or value.__doc__, name
        for attribute in dir(value) if isinstance(value, type) and value.__module__.startswith("fcsse.api") else ():
            member = getattr(value, attribute)
            assert attribute.startswith("_") or not (callable(member) or isinstance(member, property)) or member.__doc__
    with pytest.raises(AttributeError, match="nothing"):
        _ = fcsse.nothing  # type: ignore[attr-defined]


def test_what_changes_and_additions_are_is_told_by_exported_types() -> None:
    for kinds in (Change, Addition):
        for kind in typing.get_args(kinds):
            assert getattr(fcsse, kind.__name__) is kind
    assert {fcsse.Verdict, fcsse.Status, fcsse.Severity, fcsse.Fix, fcsse.Via} <= {
        value for value in map(fcsse.__dict__.get, fcsse.__all__) if isinstance(value, enum.EnumType)
    }


def test_every_exception_is_exported_documented_and_has_a_code_of_its_own() -> None:
    found = {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, fcsse.FcsseError)
    }
    assert len(found) >= 15
    for name, value in found.items():
        assert value.__doc__, name
        assert getattr(fcsse, name) is value
    shared = (fcsse.FcsseError, fcsse.UnexpectedError, fcsse.NotAwsAnswerError)  # all three are "unexpected"
    family = [value for value in found.values() if value not in shared]
    assert len({value.code for value in family}) == len(family)


def test_an_error_of_any_function_names_arguments(program: Program) -> None:
    program.sandbox.fault("organizations:ListAccounts", "AccessDeniedException", times=None)
    with pytest.raises(DeniedError) as caught:
        fcsse.audit_organization(settings=program.settings())
    assert "name the accounts with accounts." in caught.value.hint


@pytest.mark.parametrize("name", ["region", "endpoint_url", "backup_dir", "bucket_role", "grant_role"])
def test_a_setting_that_is_empty_is_not_left_out(program: Program, name: str) -> None:
    """As of ``os.environ.get("NAME", "")``: it is neither the default nor the environment's."""
    with pytest.raises(fcsse.UsageError, match=f"{name}='': it is empty"):
        fcsse.check("fc-0123", "data", settings=program.settings(**{name: ""}))
    assert not list(program.sandbox.requests)


def test_the_role_of_an_organization_has_a_name(program: Program) -> None:
    for name in ("", "Audit me", "x" * 65):
        with pytest.raises(fcsse.UsageError, match="is not a name of a role"):
            fcsse.audit_organization(["111122223333"], role_name=name, settings=program.settings())
    assert not list(program.sandbox.requests)
