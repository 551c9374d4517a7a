"""Answers to writes that are not AWS's: what AWS holds decides, and nobody says "written" or "not written" without a look."""

from __future__ import annotations

import pytest

from tests.answers.proxy import NOT_AWS, Proxy, empty, other_json
from tests.answers.test_not_aws import LINK, UNLINK
from tests.cli.shell import Shell

GRANT = ("link", "--cache", "fc-0123", "--bucket", "data-other-account")
UNGRANT = ("unlink", "--cache", "fc-0123", "--bucket", "data-other-account")


@pytest.mark.parametrize("form", NOT_AWS)
def test_a_put_that_aws_took_is_confirmed_by_reading_it_back(shell: Shell, proxy: Proxy, form: str) -> None:
    proxy.spoil("kms:PutKeyPolicy", NOT_AWS[form])
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1
    assert shell.works("fc-0123", "data") == (True, True)


@pytest.mark.one_in(2)
@pytest.mark.combinations("words", "form")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize("words", [LINK, UNLINK], ids=lambda words: words[0])
def test_an_empty_answer_to_a_put_is_no_confirmation(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], form: str
) -> None:
    if words == UNLINK:
        shell.linked("fc-0123", "data")
    before = shell.sandbox.policy("data")
    proxy.spoil("kms:PutKeyPolicy", NOT_AWS[form], before=True)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1, run.words
    assert "not AWS's answer" in run.err
    assert "most likely not written" in run.err
    assert "defect" not in run.words
    assert shell.sandbox.policy("data") == before


@pytest.mark.parametrize("form", NOT_AWS)
def test_a_put_that_reached_aws_at_the_second_try(shell: Shell, proxy: Proxy, form: str) -> None:
    proxy.spoil("kms:PutKeyPolicy", NOT_AWS[form], before=True, times=1)
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 0, run.words
    assert len(shell.statements("data")) == 2


@pytest.mark.one_in(3)
@pytest.mark.combinations("spoiled", "form")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize("spoiled", ["kms:PutKeyPolicy", "kms:GetKeyPolicy"])
def test_a_write_that_cannot_be_read_back_is_unconfirmed(shell: Shell, proxy: Proxy, spoiled: str, form: str) -> None:
    """Whether the put's own answer was AWS's or not: after it nothing of AWS is heard any more."""
    if spoiled == "kms:PutKeyPolicy":
        proxy.spoil("kms:PutKeyPolicy", NOT_AWS[form])
    proxy.spoil("kms:GetKeyPolicy", NOT_AWS[form], skip=2)
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 8, run.words
    assert "not AWS's answer" in run.err
    assert shell.backups[0]["id"] in run.err
    assert "defect" not in run.words
    assert len(shell.statements("data")) == 2


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "change",
    [
        lambda page: {},
        lambda page: page.update(Policy=["text"]),
        lambda page: page.update(Policy=7),
        lambda page: page.update(Policy=None),
        lambda page: page.update(Policy=""),
        lambda page: [page],
        lambda page: "text",
    ],
)
def test_an_odd_answer_after_a_write_is_unconfirmed_too(shell: Shell, proxy: Proxy, change: object) -> None:
    proxy.spoil("kms:GetKeyPolicy", other_json(change), skip=2)  # type: ignore[arg-type]
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 8, run.words
    assert "not AWS's answer" in run.err
    assert len(shell.statements("data")) == 2


@pytest.mark.parametrize("form", NOT_AWS)
def test_a_grant_that_aws_made_is_found_and_made_once(shell: Shell, proxy: Proxy, form: str) -> None:
    shell.sandbox.late(grant_reads=2)
    proxy.spoil("kms:CreateGrant", NOT_AWS[form])
    run = shell.run(*GRANT, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 0, run.words
    assert len(shell.grants("data-other-account")) == 1


@pytest.mark.parametrize("form", NOT_AWS)
def test_a_grant_that_aws_never_heard_of(shell: Shell, proxy: Proxy, form: str) -> None:
    proxy.spoil("kms:CreateGrant", NOT_AWS[form], before=True)
    run = shell.run(*GRANT, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1, run.words
    assert "not AWS's answer" in run.err
    assert "most likely not written" in run.err
    assert shell.grants("data-other-account") == []


@pytest.mark.parametrize("made", ["kms:CreateGrant", ""])
def test_a_grant_that_cannot_be_listed_is_unconfirmed(shell: Shell, proxy: Proxy, made: str) -> None:
    proxy.spoil(made, empty)
    proxy.spoil("kms:ListGrants", empty, skip=1)
    run = shell.run(*GRANT, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 8, run.words
    assert "not AWS's answer" in run.err
    assert len(shell.grants("data-other-account")) == 1


@pytest.mark.one_in(2)
@pytest.mark.combinations("heard", "form")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize("heard", [True, False], ids=["AWS took it", "AWS never heard of it"])
def test_the_end_of_a_grant_is_what_the_list_says(shell: Shell, proxy: Proxy, form: str, heard: bool) -> None:
    shell.linked("fc-0123", "data-other-account")
    for operation in ("kms:RevokeGrant", "kms:RetireGrant"):
        proxy.spoil(operation, NOT_AWS[form], before=not heard)
    run = shell.run(*UNGRANT, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == (0 if heard else 1), run.words
    assert len(shell.grants("data-other-account")) == (0 if heard else 1)
    if not heard:
        assert "not AWS's answer" in run.err
        assert "most likely not written" in run.err


@pytest.mark.parametrize("code", ["ExpiredTokenException", "AccessDeniedException", "SomethingNew"])
@pytest.mark.parametrize(("words", "operation"), [(GRANT, "kms:CreateGrant"), (UNGRANT, "kms:RevokeGrant")])
def test_a_second_attempt_that_is_refused_does_not_say_that_the_first_did_nothing(
    shell: Shell, words: tuple[str, ...], operation: str, code: str
) -> None:
    """The first attempt was carried out and its answer lost; botocore repeats it, and that is refused."""
    if words == UNGRANT:
        assert shell.run(*GRANT).code == 0
    shell.sandbox.fault(operation, "InternalFailure", status=500, after=True)
    shell.sandbox.fault(operation, code, nth=2)
    run = shell.run(*words)
    assert run.code == 0, run.words
    assert "Nothing was written" not in run.words
    assert len(shell.grants("data-other-account")) == (words == GRANT)


@pytest.mark.parametrize(("words", "operation"), [(GRANT, "kms:CreateGrant"), (UNGRANT, "kms:RevokeGrant")])
def test_a_refused_second_attempt_where_nobody_can_look_is_unconfirmed(
    shell: Shell, words: tuple[str, ...], operation: str
) -> None:
    if words == UNGRANT:
        assert shell.run(*GRANT).code == 0
    before = shell.sandbox.requests.count("kms:ListGrants")
    run = shell.run(*words, "--dry-run")
    looks = shell.sandbox.requests.count("kms:ListGrants") - before
    shell.sandbox.fault(operation, "InternalFailure", status=500, after=True, nth=1)
    shell.sandbox.fault(operation, "ExpiredTokenException", nth=2, times=None)
    shell.sandbox.fault("kms:ListGrants", "ExpiredTokenException", nth=looks + 1, times=None)
    run = shell.run(*words)
    assert run.code == 8, run.words
    assert "Nothing was written" not in run.words
    assert "may have been written" in run.words


@pytest.mark.parametrize("message", [None, ["no"], {"no": 1}, 5], ids=str)
def test_a_refusal_whose_message_is_no_text_is_a_refusal(shell: Shell, proxy: Proxy, message: object) -> None:
    def odd(document: dict[str, object]) -> None:
        document |= {"message": message, "Message": message}

    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=None)
    proxy.spoil("kms:PutKeyPolicy", other_json(odd))
    before = shell.sandbox.policy("data")
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 5, run.words
    assert "Nothing was written" in run.words
    assert "None" not in run.err
    assert shell.sandbox.policy("data") == before
