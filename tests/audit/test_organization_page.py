"""The page of many accounts: whole, safe, and in a real browser quick with 100,000 pairs, filtered and printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fcsse.cli.output.organization_documents import AccountLine, organization_markdown
from fcsse.cli.output.organization_html import organization_page
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.organization import Totals
from fcsse.model import Member
from tests.audit.browser import Browser, browser_path
from tests.audit.large import NASTY

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def accounts(number: int, pairs: int, name: str = "Shop & sons") -> Iterator[dict[str, Any]]:
    """Accounts' entries as the JSON document has them; every tenth pair lacks access, a finding for ten of these."""
    for place in range(number):
        account = f"{111100000000 + place}"
        rows, findings = [], []
        for row in range(pairs):
            lacking = row % 10 == 0
            bucket, cache = f"bucket-{place}-{row % 200}", f"fc-{place * pairs + row // 8:017x}"
            key = f"arn:aws:kms:eu-west-1:{account}:key/00000000-0000-0000-0000-{row % 20:012x}"
            rows.append(
                {
                    "cache": cache,
                    "bucket": bucket,
                    "access": "denied" if lacking else "allowed",
                    "verdict": f"{cache} cannot read or write s3://{bucket}: no statement allows kms:Decrypt",
                    "decided_by": [] if lacking else [f"statement 'Allow FSx to use the key for {bucket}'"],
                    "key": key,
                    "findings": [f"{account}/F{row // 100 + 1}"] if lacking else [],
                }
            )
            if row % 100 == 0:
                findings.append(_finding(account, row // 100 + 1, f"no access to bucket {bucket}: {cache}"))
        verdicts = {"allowed": pairs - pairs // 10, "partly": 0, "denied": pairs // 10, "unknown": 0}
        severities = {"high": len(findings), "medium": 0, "low": 0, "info": 0}
        yield {
            "account": account,
            "name": name,
            "pairs": rows,
            "findings": findings,
            "summary": {"verdicts": verdicts, "findings": severities},
        }


def _finding(account: str, number: int, title: str) -> dict[str, Any]:
    return {
        "id": f"{account}/F{number}",
        "severity": "high",
        "code": "access-missing",
        "title": title,
        "detail": ["No statement of the key policy and no grant allows kms:Decrypt."],
        "remedy": "Link the cache to the bucket.",
        "commands": ["fcsse link --cache fc-0123 --bucket data"],
    }


def totals(number: int, pairs: int) -> Totals:
    made = Totals(accounts=number, read=number, pairs=number * pairs, caches=number * pairs // 8)
    made.bucket_names.update(f"bucket-{one}" for one in range(number * 200))
    made.verdicts.update(allowed=number * pairs * 9 // 10, denied=number * pairs // 10)
    made.severities.update(high=number * pairs // 100)
    return made


def page(number: int, pairs: int, **more: Any) -> str:
    return "".join(organization_page(accounts(number, pairs, **more), totals(number, pairs), NOW))


def test_every_pair_is_in_the_page() -> None:
    text = page(3, 200)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    held = json.loads(data[1])
    assert len(held["pairs"]) == 600
    first = held["pairs"][0]
    assert held["names"][first[2]] == "bucket-0-0"
    assert held["findings"][first[6][0]][4].startswith("no access to bucket bucket-0-0")
    assert len(set(held["names"])) == len(held["names"])


def test_names_that_are_out_to_break_it() -> None:
    (one,) = accounts(1, 10, name=NASTY)
    one["findings"][0] |= {"title": NASTY, "detail": [NASTY], "commands": [NASTY]}
    one["pairs"][0] |= {"bucket": NASTY, "verdict": NASTY}
    text = "".join(organization_page([one], totals(1, 10), NOW))
    assert text.count("</script>") == 2
    assert "<script>window.broken" not in text
    assert "<img" not in text
    assert "\u202e" not in text


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = browser_path()
    if found is None:
        pytest.skip("no Chromium on this machine")
    with Browser(found, tmp_path_factory.mktemp("profile")) as made:
        yield made


@pytest.fixture(scope="module")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "audit.html"
    file.write_text(page(100, 1000), encoding="utf-8")
    return file


SHOWN = 'document.querySelector("form.filters output").value'


@pytest.mark.nightly
def test_a_hundred_thousand_pairs_are_a_few_drawn_rows(browser: Browser, large_page: Path) -> None:
    browser.look(1400)
    browser.open(large_page)
    assert browser.complaints() == []
    assert [one for one in browser.requested() if not one.startswith("file:")] == []
    assert browser.run(SHOWN) == "1000 of 1000 findings, 100000 of 100000 pairs"
    assert 5 < browser.run('document.querySelectorAll(".pairs .row").length') < 100
    assert browser.run('document.querySelectorAll("*").length') < 10_000


def test_the_last_pair_can_be_scrolled_to(browser: Browser, large_page: Path) -> None:
    browser.open(large_page)
    browser.run('(() => { const box = document.querySelector(".list.pairs"); box.scrollTop = box.scrollHeight; })()')
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    last = browser.run('Array.from(document.querySelectorAll(".pairs .row")).at(-1).textContent')
    assert "bucket-99-199" in last


def test_filters_by_text_account_and_verdict(browser: Browser, large_page: Path) -> None:
    browser.open(large_page)
    change = "form.dispatchEvent(new Event('input'))"
    form = 'const form = document.querySelector("form.filters")'
    browser.run(f"(() => {{ {form}; form.elements.text.value = 'bucket-7-13'; {change}; }})()")
    assert browser.run(SHOWN).endswith(" 55 of 100000 pairs")
    browser.run(f"(() => {{ {form}; form.elements.text.value = ''; form.elements.verdict.value = '2'; {change}; }})()")
    assert browser.run(SHOWN).endswith(" 10000 of 100000 pairs")
    browser.run(f"(() => {{ {form}; form.elements.account.value = '5'; {change}; }})()")
    assert browser.run(SHOWN) == "10 of 1000 findings, 100 of 100000 pairs"


def test_a_finding_opens_with_its_remedy_and_commands(browser: Browser, large_page: Path) -> None:
    browser.open(large_page)
    browser.run('document.querySelector(".findings .row").click()')
    told = browser.run('document.querySelector("dialog").textContent')
    assert "Link the cache to the bucket." in told
    assert "fcsse link --cache fc-0123 --bucket data" in told


def test_it_prints_its_summary_and_worst_findings(browser: Browser, large_page: Path) -> None:
    browser.open(large_page)
    browser.look(800, media="print")
    assert browser.run('getComputedStyle(document.querySelector(".listed")).display') == "none"
    assert browser.run('getComputedStyle(document.querySelector(".printed")).display') == "block"
    assert "The worst 500 of 1,000 findings." in browser.run('document.querySelector(".printed").innerText')
    assert browser.pdf().startswith(b"%PDF")


def test_without_scripts_summary_and_accounts_are_there(browser: Browser, large_page: Path) -> None:
    browser.look(1400)
    browser.scripts(on=False)
    try:
        browser.open(large_page)
        text = browser.run("document.body.innerText")
        assert "100 accounts (100 read)" in text
        assert "where scripts are allowed" in text
    finally:
        browser.scripts(on=True)


def test_an_account_s_name_is_shown_as_it_is_in_a_line_of_html_as_well() -> None:
    finding = Finding("unreadable", Severity.MEDIUM, "it could not be read")
    line = AccountLine(Member("111122223333", "my_shop @all <b>"), (finding,), 3, "", read=True)
    markdown = "".join(organization_markdown([line], Totals(), ()))
    assert "| my\\_shop @<!-- -->all &#60;b&#62; |" in markdown
    assert "<summary>111122223333 my&#95;shop @<!-- -->all &#60;b&#62;: 1 finding</summary>" in markdown
