"""Lists that repeat themselves or never end: an error, after a bounded number of pages and a bounded time."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from fcsse.aws import checked_call
from tests.answers.proxy import Answer, Proxy, Spoil, other_json, other_text
from tests.cli.shell import WRITES, Run, Shell

AUDIT = ("audit",)
CACHE = ("link", "--cache", "fc-0123")
GRANT = ("link", "--cache", "fc-0123", "--bucket", "data-other-account")
CENSUS = ("census", "--bucket", "data", "--all")


def again(**members: Any) -> Spoil:
    """The same page, which says that there is more after this token."""
    return other_json(lambda page: page.update(members))


def ever_on(member: str, **more: Any) -> Spoil:
    """Pages without end, each with a token of its own."""
    numbers = itertools.count()
    return other_json(lambda page: page.update({member: f"token-{next(numbers)}", **more}))


def roles(marker: str) -> Spoil:
    return other_text("<IsTruncated>false</IsTruncated>", f"<IsTruncated>true</IsTruncated>{marker}")


def ever_more_roles() -> Spoil:
    numbers = itertools.count()

    def spoil(answer: Answer) -> bytes:
        return roles(f"<Marker>{next(numbers)}</Marker>")(answer)

    return spoil


def is_told(run: Run, operation: str) -> None:
    told = " ".join(run.words.split())
    assert "not AWS's answer" in told, told
    assert operation in told
    assert "defect" not in told
    assert not WRITES.intersection(run.operations)


@pytest.mark.parametrize(
    ("words", "operation", "spoil", "code"),
    [
        (CACHE, "fsx:DescribeDataRepositoryAssociations", again(NextToken="same"), 1),
        (AUDIT, "fsx:DescribeDataRepositoryAssociations", again(NextToken="same"), 1),
        (AUDIT, "fsx:DescribeFileSystems", again(NextToken="same"), 3),
        (GRANT, "kms:ListGrants", again(Truncated=True, NextMarker="same"), 1),
        (AUDIT, "iam:ListRoles", roles("<Marker>same</Marker>"), 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_token_that_comes_again(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, spoil: Spoil, code: int
) -> None:
    proxy.spoil(operation, spoil, replay=True)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == code, run.words
    is_told(run, operation)
    assert "repeats" in run.words


@pytest.mark.parametrize(
    ("words", "operation", "spoil", "code"),
    [
        (CACHE, "fsx:DescribeDataRepositoryAssociations", ever_on("NextToken"), 1),
        (GRANT, "kms:ListGrants", ever_on("NextMarker", Truncated=True), 1),
        (AUDIT, "iam:ListRoles", ever_more_roles(), 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("bound", ["pages", "seconds"])
def test_a_list_without_end(
    shell: Shell,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    operation: str,
    spoil: Spoil,
    code: int,
    bound: str,
) -> None:
    if bound == "pages":
        monkeypatch.setattr(checked_call, "MOST_PAGES", 5)

    def answered(answer: Answer) -> bytes:
        """Each page takes a third of the time that a list may take."""
        shell.clock.slept += 100 if bound == "seconds" else 0
        return spoil(answer)

    rule = proxy.spoil(operation, answered, replay=True)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == code, run.words
    is_told(run, operation)
    assert re.search(rf"goes on for more than \d+ {bound}", run.words)
    assert rule.acted <= 5


@pytest.mark.parametrize(
    ("words", "operation", "spoil"),
    [
        (GRANT, "kms:ListGrants", again(Truncated=True)),
        (AUDIT, "iam:ListRoles", roles("")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_more_without_a_token(shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, spoil: Spoil) -> None:
    """Taken for the last page, the list would lack what was on the others."""
    proxy.spoil(operation, spoil, replay=True)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code in (1, 3), run.words
    is_told(run, operation)


@pytest.mark.parametrize(
    "spoil",
    [
        other_text("<IsTruncated>false", "<IsTruncated>true"),
        other_text(
            "<IsTruncated>false</IsTruncated>.*<Name>", "<IsTruncated>true</IsTruncated><KeyCount>0</KeyCount><Name>"
        ),
    ],
    ids=["the same page again", "an empty page"],
)
def test_objects_that_do_not_get_further(shell: Shell, proxy: Proxy, spoil: Spoil) -> None:
    proxy.spoil("s3:ListObjectsV2", spoil, replay=True)
    run = shell.run(*CENSUS, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1, run.words
    is_told(run, "s3:ListObjectsV2")


@pytest.mark.nightly
def test_many_grants_on_many_pages_are_all_read(shell: Shell, proxy: Proxy) -> None:
    """What is checked about pages does not cut a long list short."""
    key = shell.sandbox.key("data")
    kms = shell.sandbox.client("kms")
    for number in range(230):
        kms.create_grant(
            KeyId=key.arn, GranteePrincipal="arn:aws:iam::111122223333:root", Operations=["Decrypt"], Name=f"n{number}"
        )
    shell.linked("fc-0123", "data", "--via", "grant")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 0, run.words
    assert proxy.asked.count("kms:ListGrants") >= 3
