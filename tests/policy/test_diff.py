from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings

from fcsse.policy.diff import HEADER, policy_diff
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import fit, link, unlink
from fcsse.policy.equivalence import equivalent
from fcsse.policy.statement import Access
from tests.policy.documents import (
    BOTH,
    BUCKET,
    CACHES_IN_DOCUMENTS,
    CACHES_WISHED,
    NAMED,
    ROOT,
    access,
    accesses,
    document,
    documents,
    ours,
    role,
)
from tests.policy.layouts import KMS, STYLES, Style
from tests.thorough import examples

COMMON = settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
MULTI_LINE = [style for style in STYLES if style.newline and not style.statements_on_one_line]


def changed(lines: tuple[str, ...]) -> list[str]:
    return [line for line in lines[2:] if line.startswith(("+", "-"))]


def rebuilt(lines: list[str]) -> PolicyDocument:
    """The document that displayed lines stand for; the commas at line ends follow from the brackets."""
    bare = [line.strip().removesuffix(",").rstrip() for line in lines if line.strip()]
    text = ""
    for line, following in zip(bare, [*bare[1:], "}"], strict=True):
        opens = line.endswith(("{", "[", ":", ","))
        text += line + ("\n" if opens or following[0] in "}]," else ",\n")
    return PolicyDocument.parse(text)


def applied(lines: tuple[str, ...], whole: list[str]) -> list[str]:
    """Lines after the hunks of a diff were applied, as ``patch`` would: by line number, context checked."""
    result: list[str] = []
    at = 0
    for line in lines[len(HEADER) :]:
        if found := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            start = int(found[1]) - (1 if found[2] != "0" else 0)
            result += whole[at:start]
            at = start
            assert len(result) == int(found[3]) - (1 if found[4] != "0" else 0)
        elif line[0] == "+":
            result.append(line[1:])
        else:
            assert whole[at].removesuffix(",") == line[1:].removesuffix(",")
            at += 1
            result += [line[1:]] if line[0] == " " else []
    return result + whole[at:]


@COMMON
@given(documents(least=1), accesses((*CACHES_WISHED[:2], *CACHES_IN_DOCUMENTS[:2]), every_cache=True))
def test_a_diff_turns_one_document_into_the_other(before: PolicyDocument, wishes: list[Access]) -> None:
    for edit in (link, unlink):
        after = edit(before, wishes).document
        whole = policy_diff(before, after, context=10**6)
        if after.text == before.text:
            assert whole == ()
            continue
        assert whole[:2] == HEADER
        old = [line[1:] for line in whole[3:] if line[0] in " -"]
        new = [line[1:] for line in whole[3:] if line[0] in " +"]
        assert equivalent(rebuilt(old), before)
        assert equivalent(rebuilt(new), after)
        bare = [line.removesuffix(",") for line in applied(policy_diff(before, after), old)]
        assert bare == [line.removesuffix(",") for line in new]


@COMMON
@given(documents(least=1), documents(least=1))
def test_a_diff_shows_any_change(before: PolicyDocument, after: PolicyDocument) -> None:
    """As when a saved policy is put back."""
    assume(before.text != after.text)
    whole = policy_diff(before, after, context=10**6)
    assume("only white space" not in whole[2])

    assert equivalent(rebuilt([line[1:] for line in whole[3:] if line[0] in " -"]), before)
    assert equivalent(rebuilt([line[1:] for line in whole[3:] if line[0] in " +"]), after)


@pytest.mark.parametrize("style", MULTI_LINE, ids=lambda style: style.name)
def test_a_new_statement_is_only_additions(style: Style) -> None:
    before = document(ROOT, {**ROOT, "Sid": "b", "Action": ["kms:A", "kms:B"]}, style=style)
    lines = policy_diff(before, link(before, [access("fc-1")]).document)

    assert all(line[0] == "+" for line in changed(lines))
    assert sum(role("fc-1") in line for line in lines) == 1


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_third_role_is_one_line(style: Style) -> None:
    """Also where the whole list stands on one line, as KMS prints it."""
    before = document(ROOT, ours("fc-1", "fc-2"), style=style)
    lines = changed(policy_diff(before, link(before, [access("fc-3")]).document))

    assert [line.strip("+ \t,") for line in lines] == [f'"{role("fc-3")}"']
    assert lines[0][0] == "+"
    back = changed(policy_diff(link(before, [access("fc-3")]).document, before))
    assert [line.replace("-", "+", 1) for line in back] == lines


def test_the_first_role_to_join_opens_a_list() -> None:
    before = document(ROOT, ours("fc-1"), style=KMS)
    lines = changed(policy_diff(before, link(before, [access("fc-2")]).document))

    assert lines == [
        f'-      "AWS" : "{role("fc-1")}"',
        '+      "AWS" : [',
        f'+        "{role("fc-1")}",',
        f'+        "{role("fc-2")}"',
        "+      ]",
    ]


def test_a_form_that_joins_a_list_on_one_line_is_one_line() -> None:
    before = document(ours("fc-1", bucket="a-bucket"), style=KMS)
    after = link(before, [access("fc-1", "a-bucket", BOTH)]).document
    lines = changed(policy_diff(before, after))

    assert [line.strip() for line in lines][-2:] == ['+          "arn:aws:s3:::a-bucket"', "+        ]"]
    assert len(lines) == 5


def test_documents_on_one_line_are_shown_indented() -> None:
    before = PolicyDocument.parse(NAMED["terraform jsonencode"])
    lines = policy_diff(before, link(before, [access("fc-1")]).document)

    assert lines[:4] == (*HEADER, "@@ -9,6 +9,30 @@", '       "Resource": "*",')
    assert '+          "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"' in lines
    assert all(line[0] == "+" for line in changed(lines))


def test_a_single_statement_on_one_line_stays_in_sight() -> None:
    before = PolicyDocument.parse(NAMED["single statement object, compact"])
    lines = changed(policy_diff(before, link(before, [access("fc-1")]).document))

    assert [line for line in lines if line[0] == "-"] == ['-  "Statement":']
    assert lines[:3] == ['-  "Statement":', '+  "Statement": [', "+    {"]


def test_a_document_that_lost_its_white_space_to_fit_shows_what_it_says() -> None:
    before = PolicyDocument.parse(NAMED["32 KB"])
    after = fit(link(before, [access("fc-1")]).document, before)
    lines = changed(policy_diff(before, after))

    assert "\n" not in after.text
    assert lines[0] == "+    {"
    assert all(line[0] == "+" for line in lines)
    assert len(lines) == 24


def test_long_lines_are_opened_up() -> None:
    before = document(ROOT, ours("fc-1"), style=Style("", statements_on_one_line=True))
    lines = policy_diff(before, link(before, [access("fc-2", "logs")]).document)

    assert "+      \"Effect\": \"Allow\"," in lines  # fmt: skip
    assert max(len(line) for line in changed(lines)) < 170


def test_short_lists_of_a_new_statement_stay_on_their_line() -> None:
    before = document(ROOT, style=KMS)
    lines = policy_diff(before, link(before, [access("fc-1")]).document)

    assert (
        '+    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey" ],'
        in lines
    )


def test_nothing_that_does_not_print_gets_through() -> None:
    before = PolicyDocument.parse(NAMED["unicode"])
    text = "\n".join(policy_diff(before, link(before, [access("fc-1", forms=BUCKET)]).document, context=99))

    assert r"für é\u2028\u009b31m 🔑 \u202e" in text
    assert text.replace("\n", "").isprintable()


def test_tabs_and_crlf() -> None:
    before = document(ROOT, style=Style("", unit="\t", newline="\r\n", end="\r\n"))
    lines = policy_diff(before, link(before, [access("fc-1")]).document)

    assert "\r" not in "".join(lines)
    assert '+\t\t\t"Effect": "Allow",' in lines


def test_the_same_text_has_no_diff() -> None:
    assert policy_diff(document(ROOT), document(ROOT)) == ()


def test_only_white_space_is_told() -> None:
    one = document(ROOT, style=Style("", newline="\r\n"))

    assert policy_diff(one, document(ROOT, style=Style(""))) == (*HEADER, "@@ only white space changes @@")


def test_context_is_as_asked() -> None:
    before = document(*({**ROOT, "Sid": f"s{number}"} for number in range(5)), style=Style(""))
    after = document(*({**ROOT, "Sid": f"s{number}" if number != 2 else "x"} for number in range(5)), style=Style(""))

    assert policy_diff(before, after, context=0) == (
        *HEADER,
        "@@ -23 +23 @@",
        '-      "Sid": "s2",',
        '+      "Sid": "x",',
    )
    assert len(policy_diff(before, after, context=1)) == 7


def on_lines(*statements: str, lead: str = "") -> PolicyDocument:
    """A document with each of these statements on one line."""
    return PolicyDocument.parse(lead + '{\n  "Statement": [\n' + ",\n".join(statements) + "\n  ]\n}")


@pytest.mark.parametrize("width", [120, 121])
def test_a_line_of_more_than_120_characters_is_opened_up(width: int) -> None:
    """Whether it is new, gone or another one."""
    short = '    {"Sid": "s", "Effect": "Deny"}'
    one, other = ('    {"Sid": "' + (letter * width)[: width - 34] + '", "Effect": "Deny" }' for letter in "ab")
    assert len(one) == width
    opened = width > 120

    added = changed(policy_diff(on_lines(short), on_lines(short, one)))
    assert len([line for line in added if line[0] == "+"]) == (4 if opened else 1)
    taken = changed(policy_diff(on_lines(short, one), on_lines(short)))
    assert [line.replace("-", "+", 1) for line in taken] == added
    replaced = changed(policy_diff(on_lines(short, one), on_lines(short, other)))
    assert ["Effect" in line for line in replaced] == [not opened] * 2
    assert ('-      "Effect": "Deny"' in taken) is opened


def test_white_space_before_a_document_does_not_move_what_is_opened_up() -> None:
    before = on_lines('    {"Sid": "s"}', '    {"Action": ["kms:A", "kms:B"]}', lead="\n")
    after = on_lines('    {"Sid": "s"}', '    {"Action": ["kms:A", "kms:C"]}', lead="\n")

    assert changed(policy_diff(before, after)) == ['-      "kms:B"', '+      "kms:C"']


def test_lines_that_stand_in_many_statements_are_still_the_same_lines() -> None:
    before, after = (document(*({**ROOT, "Sid": f"{letter}{n}"} for n in range(30)), style=KMS) for letter in "ab")

    assert len(changed(policy_diff(before, after))) == 60
