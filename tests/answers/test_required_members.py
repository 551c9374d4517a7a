"""Each member that AWS always sends, taken out of each answer or given another kind: never read as if it were there."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcsse.aws.answer_check import json_fault, missing_member
from fcsse.aws.required_members import REQUIRED
from tests.answers.proxy import Proxy, other_json, other_text
from tests.answers.test_not_aws import CENSUS, CHECK, LINK, UNNAMED, is_told
from tests.cli.shell import WRITES, Shell

SESSION = botocore.session.Session()
GRANT = ("link", "--cache", "fc-0123", "--bucket", "data-other-account")
MEMBERS = [(operation, path) for operation, required in REQUIRED.items() for path in required.members]
VALUES: dict[str, object] = {
    "": "text",
    "string": "",
    "arn": "arn:aws:iam::111122223333:root",
    "flag": False,
    "json": "{}",
    "number": 0,
    "structure": {"member": "text"},
    "time": datetime(2026, 11, 28, tzinfo=UTC),
}
WRONG: list[Any] = [None, 7, True, [], {}, ["text"], "", "text", 1.5]


def whole(operation: str, entries: int = 1) -> dict[str, Any]:
    """An answer with every member that the table asks for, in each list that many entries."""
    answer: dict[str, Any] = {}
    for path in REQUIRED[operation].members:
        member, _, kind = path.partition(":")
        places: list[Any] = [answer]
        names = member.split(".")
        for at, name in enumerate(names):
            bare = re.split(r"[\[|?]", name)[0]
            last = at == len(names) - 1
            following: list[Any] = []
            for place in places:
                if "[" in name:
                    following += place.setdefault(bare, [{} for _ in range(1 if "[1]" in name else max(1, entries))])
                elif last:
                    place[bare] = VALUES[kind]
                else:
                    following.append(place.setdefault(bare, {}))
            places = following
    return answer


def without(answer: dict[str, Any], path: str, value: object = None) -> None:
    """Takes a member out everywhere, or gives it this value."""
    places: list[Any] = [answer]
    names = re.sub(r"[?]|:.*|\[[+1]?\]", "", path).split(".")
    for name in names[:-1]:
        found = [place[name.split("|")[0]] for place in places]
        places = [entry for one in found for entry in (one if isinstance(one, list) else [one])]
    for place in places:
        place.pop(names[-1].split("|")[0])
        if value is not None:
            place[names[-1].split("|")[0]] = value


@pytest.mark.parametrize("operation", REQUIRED)
@settings(deadline=None)
@given(entries=st.integers(1, 3))
def test_a_whole_answer_lacks_nothing(operation: str, entries: int) -> None:
    assert missing_member(operation, whole(operation, entries)) is None


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("operation", "path"), MEMBERS)
@settings(deadline=None)
@given(entries=st.integers(1, 3), wrong=st.sampled_from(WRONG))
def test_a_member_that_is_missing_or_of_another_kind_is_seen(
    operation: str, path: str, entries: int, wrong: object
) -> None:
    answer = whole(operation, entries)
    kind = path.partition(":")[2]
    fits = {"": wrong == "text", "string": isinstance(wrong, str), "flag": wrong is True, "number": wrong == 7}
    if path.endswith("[]"):
        fits = {"": isinstance(wrong, list)}
    without(answer, path, wrong)
    found = missing_member(operation, answer)
    assert (found is None) == bool(fits.get(kind, False) and not (isinstance(wrong, bool) and kind == "number"))
    assert found in (None, path)


@pytest.mark.parametrize("operation", REQUIRED)
def test_every_required_member_is_one_of_aws_s(operation: str) -> None:
    """By the service models: a slip in the table would refuse every answer of AWS."""
    service, _, name = operation.partition(":")
    shape = SESSION.get_service_model(service).operation_model(name).output_shape
    for path in REQUIRED[operation].members:
        if path.startswith("ResponseMetadata."):
            continue
        at: Any = shape
        for part in path.partition(":")[0].split("."):
            names = re.sub(r"[?]|\[[+1]?\]", "", part).split("|")
            assert set(names) <= set(at.members), path
            at = at.members[names[0]]
            if "[" in part:
                at = at.member


def shapes(operation: str) -> Any:
    service, _, name = operation.partition(":")
    return SESSION.get_service_model(service).operation_model(name).output_shape


JSON = [operation for operation in REQUIRED if operation.startswith(("kms:", "fsx:", "athena:"))]
SAMPLE = {
    "Grants": [{"GrantId": "1", "Operations": ["Decrypt"], "Constraints": {"EncryptionContextSubset": {"a": "b"}}}],
    "Truncated": False,
    "New": {"member": [1]},
}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, one in parts for place in places(one, (*at, name)))]


@settings(deadline=None)
@given(place=st.sampled_from(places({k: v for k, v in SAMPLE.items() if k != "New"})[1:]), wrong=st.sampled_from(WRONG))
def test_json_of_another_kind_is_seen_before_it_is_parsed(place: tuple[Any, ...], wrong: object) -> None:
    document = copy.deepcopy(SAMPLE)
    holder: Any = document
    for name in place[:-1]:
        holder = holder[name]
    same = type(holder[place[-1]]) is type(wrong) and (not isinstance(wrong, list) or wrong in ([], ["text"]))
    if wrong == ["text"] and place[-1] == "Grants":
        same = False
    holder[place[-1]] = wrong
    fault = json_fault(json.dumps(document).encode(), shapes("kms:ListGrants"))
    missing = wrong is None and not isinstance(place[-1], int)  # null is a member that is not there
    assert (fault is None) == (same or missing), fault


@settings(deadline=None)
@given(body=st.binary(max_size=40))
def test_bytes_that_are_no_json_object_are_seen(body: bytes) -> None:
    try:
        fine = not body.strip() or isinstance(json.loads(body), dict)
    except ValueError:
        fine = False
    assert (json_fault(body, None) is None) == fine


# through the command line

LIST_FOR_TEXT = ["a", "list"]
ODD: dict[str, list[Any]] = {
    "KeyMetadata": [None, [], "text", 7],
    "Policy": [None, "", {}, LIST_FOR_TEXT, 7],
    "Grants": ["text", {}, ["text"], [{}], [[]]],
    "Associations": [None, "text", {}, 7, [{}], ["text"]],
}
CASES: list[tuple[tuple[str, ...], str, str, str, Any]] = [
    (LINK, "kms:DescribeKey", "KeyMetadata", name, value)
    for name in ("KeyId", "Arn", "KeyState", "KeyManager")
    for value in (None, LIST_FOR_TEXT)
]
CASES += [(LINK, "kms:DescribeKey", "", "KeyMetadata", value) for value in ODD["KeyMetadata"]]
CASES += [(LINK, "kms:GetKeyPolicy", "", "Policy", value) for value in ODD["Policy"]]
CASES += [(GRANT, "kms:ListGrants", "", name, None) for name in ("Grants", "Truncated")]
CASES += [(GRANT, "kms:ListGrants", "", "Grants", value) for value in ODD["Grants"]]
CASES += [(GRANT, "kms:ListGrants", "", "Truncated", "no")]
CASES += [
    (UNNAMED, "fsx:DescribeDataRepositoryAssociations", "", "Associations", value) for value in ODD["Associations"]
]


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("words", "operation", "within", "name", "value"), CASES)
def test_a_json_answer_without_a_member_ends_the_command(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, within: str, name: str, value: object
) -> None:
    def change(document: Any) -> None:
        holder = document[within] if within else document
        if value is None:
            holder.pop(name, None)
        else:
            holder[name] = value

    proxy.spoil(operation, other_json(change))
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, operation, proxy)
    assert not WRITES.intersection(run.operations)


XML: list[tuple[tuple[str, ...], str, str]] = [
    (LINK, "iam:GetRole", name) for name in ("Path", "RoleName", "RoleId", "Arn", "CreateDate", "Role", "GetRoleResult")
]
XML += [
    (CHECK, "s3:GetBucketEncryption", name)
    for name in ("SSEAlgorithm", "ApplyServerSideEncryptionByDefault", "Rule", "ServerSideEncryptionConfiguration")
]
XML += [(CENSUS, "s3:ListObjectsV2", name) for name in ("Name", "KeyCount", "IsTruncated", "Key", "LastModified")]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("how", ["gone", "empty", "other"])
@pytest.mark.parametrize(("words", "operation", "name"), XML)
def test_an_xml_answer_without_a_member_ends_the_command(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, name: str, how: str
) -> None:
    by = {"gone": "", "empty": f"<{name}></{name}>", "other": f"<{name}><wrong>text</wrong></{name}>"}[how]
    proxy.spoil(operation, other_text(rf"<{name}(?: [^>]*)?>.*?</{name}>", by))
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, operation, proxy)
    assert not WRITES.intersection(run.operations)


TWICE = [
    *(
        (LINK, "iam:GetRole", name)
        for name in ("GetRoleResult", "Role", "Path", "RoleName", "RoleId", "Arn", "CreateDate")
    ),
    *(
        (CENSUS, "s3:ListObjectsV2", name)
        for name in ("Name", "KeyCount", "IsTruncated", "Key", "LastModified", "Size")
    ),
    *((("audit",), "iam:ListRoles", name) for name in ("ListRolesResult", "Roles", "IsTruncated", "Arn", "RoleName")),
    (("audit",), "sts:GetCallerIdentity", "Account"),
    *(
        (words, "s3:GetBucketEncryption", name)
        for words in (LINK, CHECK)
        for name in ("SSEAlgorithm", "KMSMasterKeyID", "ApplyServerSideEncryptionByDefault", "BucketKeyEnabled", "Rule")
    ),
]


@pytest.mark.combinations("second", "name")
@pytest.mark.parametrize("second", ["same", "other"])
@pytest.mark.parametrize(("words", "operation", "name"), TWICE)
def test_an_xml_answer_with_an_element_twice_ends_the_command(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, name: str, second: str
) -> None:
    """botocore makes a list of the two, or takes the last."""
    other = r"\1\2\3" if second == "same" else r"\1\3"
    proxy.spoil(operation, other_text(rf"(<{name}(?: [^>]*)?>)(.*?)(</{name}>)", r"\1\2\3" + other))
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    if words == ("audit",) and operation == "iam:ListRoles":
        assert run.code == 3, run.words
        assert "not AWS's answer" in " ".join(run.words.split())
    else:
        is_told(run, operation, proxy)
    assert "bug in fcsse" not in run.words
    assert not WRITES.intersection(run.operations)


def test_a_configuration_within_a_configuration_or_two_are_not_aws_s(shell: Shell, proxy: Proxy) -> None:
    name = "ServerSideEncryptionConfiguration"
    for by in (r"\1<Rule><x></x></Rule>\2\3", r"\1\1\2\3\1\2\3\3", r"\1\2\3\1\2\3"):
        proxy.spoil("s3:GetBucketEncryption", other_text(rf"(<{name}(?: [^>]*)?>)(.*?)(</{name}>)", by))
        is_told(shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url), "s3:GetBucketEncryption", proxy)


@pytest.mark.parametrize("header", ["ETag", "Last-Modified", "Content-Length"])
def test_an_object_s_answer_without_a_header_is_no_object_without_encryption(
    shell: Shell, proxy: Proxy, header: str
) -> None:
    def spoil(answer: Any) -> bytes:
        kept = [line for line in answer.raw().split(b"\r\n") if not line.lower().startswith(header.lower().encode())]
        return b"\r\n".join(kept)

    proxy.spoil("s3:HeadObject", spoil)
    run = shell.run(*CENSUS, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, "s3:HeadObject", proxy)


@pytest.mark.parametrize(
    "body",
    [
        b'{"Policy": "a", "Policy": "b"}',
        b'{"Policy": "a", "Policy": "a"}',
        b'{"Grants": [{"GrantId": "1", "GrantId": "2"}]}',
    ],
)
def test_a_member_that_is_there_twice_is_not_aws_s(body: bytes) -> None:
    assert "twice" in (json_fault(body, None) or "")
