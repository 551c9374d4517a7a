"""The page of ``audit --html``, in a real browser, with 300 pairs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fcsse.cli.output.audit_html import page
from fcsse.commands.audit.report import audit_of
from tests.audit.browser import Browser, browser_path
from tests.audit.large import NASTY, bucket, cache, large

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MADE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WIDTHS = (390, 800, 1400)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("page") / "audit.html"
    found.write_text(page(audit_of(large()), MADE), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        pytest.skip("no Chromium or Chrome on this machine")
    with Browser(path, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(running: Browser, file: Path) -> Browser:
    running.scripts(on=True)
    running.look(1400)
    running.open(file)
    return running


SHOWN = "[...document.querySelectorAll('{0}')].filter(one => one.getClientRects().length).length"


def test_it_opens_at_once_and_asks_nobody_for_anything(browser: Browser) -> None:
    assert browser.run("performance.getEntriesByType('navigation')[0].loadEventEnd") < 3000
    assert [url for url in browser.requested() if not url.startswith("file:")] == []
    assert len(browser.requested()) == 1
    assert browser.complaints() == []


def test_text_from_aws_stays_text(browser: Browser) -> None:
    assert browser.run("window.broken") is None
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.querySelectorAll('script').length") == 1
    said = browser.run("document.body.textContent")
    assert NASTY.replace("\u202e", "\\u202e") in said
    assert "\u202e" not in said


def test_what_slips_in_still_cannot_run(browser: Browser) -> None:
    browser.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.broken = 1\">')")
    browser.run("new Promise(done => setTimeout(done, 200))")
    assert browser.run("window.broken") is None


def test_every_pair_is_in_matrix_picture_and_table(browser: Browser) -> None:
    assert browser.run("document.querySelectorAll('.matrix td[data-v]').length") == 300
    assert browser.run("document.querySelectorAll('svg.picture path[data-v]').length") == 300
    assert browser.run("document.querySelectorAll('.pairs tbody tr').length") == 300


def test_verdicts_are_told_by_sign_as_well_as_by_colour(browser: Browser) -> None:
    signs = browser.run(
        "[...new Set([...document.querySelectorAll('.matrix td[data-v]')].map(c => c.dataset.v + c.innerText))]"
    )
    assert sorted(signs) == ["allowed✓", "denied✕", "partly◐", "unknown?"]
    lines = browser.run(
        "[...new Set([...document.querySelectorAll('svg path[data-v]')].map(p => getComputedStyle(p).strokeDasharray))].length"
    )
    assert lines == 4


def test_a_cell_leads_to_its_finding(browser: Browser) -> None:
    broken = browser.run(
        "[...document.querySelectorAll('.matrix a, .pairs a')].filter(a => !document.querySelector(a.getAttribute('href'))).length"
    )
    assert broken == 0
    lacking = browser.run("document.querySelectorAll('.matrix td[data-v]:not([data-v=allowed])').length")
    assert lacking == browser.run("document.querySelectorAll('.matrix td[data-v]:not([data-v=allowed]) a').length") > 0


def test_filters(browser: Browser) -> None:
    everything = browser.run(SHOWN.format(".finding"))
    assert everything == len(audit_of(large()).findings)

    def set_to(script: str) -> tuple[int, int]:
        browser.run(
            "(() => { const form = document.querySelector('form.filters'); "
            f"{script}; form.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        )
        return browser.run(SHOWN.format(".finding")), browser.run(SHOWN.format(".pairs tbody tr"))

    findings, pairs = set_to("form.elements.severity[0].checked = false")
    assert findings == len([one for one in audit_of(large()).findings if one.severity.value != "high"])
    assert pairs == 300
    set_to("form.elements.severity[0].checked = true")
    findings, pairs = set_to("form.elements.verdict.value = 'unknown'")
    assert pairs == audit_of(large()).verdicts["unknown"]
    assert 0 < findings < everything
    assert browser.run("document.querySelectorAll('.matrix td[data-v]:not(.faded)').length") == pairs
    set_to("form.elements.verdict.value = ''")
    findings, pairs = set_to(f"form.elements.text.value = '{cache(3).upper()} {bucket(15)}'")
    assert (findings, pairs) == (1, 1)
    assert "1 of 300 pairs" in browser.run("document.querySelector('output').value")
    browser.run("document.querySelector('form.filters').reset()")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert browser.run(SHOWN.format(".finding")) == everything


def test_it_works_without_scripts(browser: Browser, file: Path) -> None:
    browser.scripts(on=False)
    browser.open(file)
    browser.scripts(on=True)
    assert browser.run(SHOWN.format("form.filters")) == 0
    assert browser.run(SHOWN.format(".finding")) == len(audit_of(large()).findings)
    assert browser.run(SHOWN.format(".command button")) == 0


@pytest.mark.parametrize("place", ["findings", "matrix", "picture", "pairs"])
def test_a_heading_that_was_jumped_to_is_not_behind_the_filters(browser: Browser, place: str) -> None:
    browser.run(f"document.querySelector('nav a[href=\"#{place}\"]').click()")
    bottom = browser.run("document.querySelector('form.filters').getBoundingClientRect().bottom")
    assert browser.run(f"document.getElementById('{place}').getBoundingClientRect().top") >= bottom


OVERLAPS = """
(() => {
  const found = [];
  const rects = (query) => [...document.querySelectorAll(query)]
    .map(one => [one.textContent.trim().slice(0, 40), one.getBoundingClientRect()])
    .filter(([, r]) => r.width > 0 && r.height > 0);
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const apart = (what, list) => {
    list.sort((a, b) => a[1].top - b[1].top);
    for (let i = 0; i < list.length; i++)
      for (let j = i + 1; j < list.length && list[j][1].top < list[i][1].bottom; j++)
        if (hit(list[i][1], list[j][1])) found.push(`${what}: ${list[i][0]} / ${list[j][0]}`);
  };
  apart("cards", rects(".finding, h2, .tiles, .matrix, svg.picture, .pairs, header h1, header p, form.filters"));
  apart("tiles", rects(".tiles li"));
  apart("labels", rects("svg.picture text"));
  apart("nodes", rects("svg.picture rect"));
  apart("heads", rects(".matrix thead span"));
  apart("cells", rects(".pairs td"));
  apart("filters", rects("form.filters > *"));
  for (const one of document.querySelectorAll(".command")) {
    const button = one.querySelector("button");
    if (!button || !button.getClientRects().length) continue;
    const range = document.createRange();
    range.selectNodeContents(one.querySelector("code"));
    for (const r of range.getClientRects())
      if (hit(r, button.getBoundingClientRect())) found.push("button over " + one.textContent.slice(0, 60));
  }
  for (const one of document.querySelectorAll("svg.picture g")) {
    const text = one.querySelector("text").getBoundingClientRect(), box = one.querySelector("rect").getBoundingClientRect();
    if (text.right > box.right || text.left < box.left) found.push("label leaves its box: " + one.textContent);
  }
  for (const one of document.querySelectorAll(".finding *, header *, .tiles *")) {
    const r = one.getBoundingClientRect();
    if (r.width && r.right > document.documentElement.clientWidth + 1) found.push("too wide: " + one.textContent.slice(0, 60));
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
    found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  return found;
})()
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps(browser: Browser, width: int, scheme: str) -> None:
    browser.look(width, scheme=scheme)
    assert browser.run(OVERLAPS) == []


CONTRASTS = """
(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const back = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = new Map();
  for (const one of document.querySelectorAll("h1, h2, h3, p, a, .badge, .name, .matrix td[data-v], .tiles li, code, label, .pairs td")) {
    const a = light(parse(getComputedStyle(one).color)), b = light(back(one));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.set(one.className + " " + one.tagName, ratio);
  }
  return [...low];
})()
"""


@pytest.mark.parametrize(("scheme", "media"), [("light", ""), ("dark", ""), ("dark", "print")])
def test_text_stands_out_from_its_background(browser: Browser, scheme: str, media: str) -> None:
    browser.look(1400, scheme=scheme, media=media)
    assert browser.run(CONTRASTS) == []


@pytest.mark.nightly
def test_light_and_dark(browser: Browser) -> None:
    colours = []
    for scheme in ("light", "dark"):
        browser.look(1400, scheme=scheme)
        colours.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(18, 22, 29)"]
    browser.look(1400, scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is white"


@pytest.mark.nightly
def test_it_prints_without_controls_and_within_the_paper(browser: Browser) -> None:
    browser.look(718, media="print")  # A4 at 96 dpi, less the browser's own margins
    assert browser.run(SHOWN.format("form.filters, nav, .command button")) == 0
    assert browser.run("document.documentElement.scrollWidth") <= 718
    assert browser.run(OVERLAPS) == []
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF-")
    assert browser.run(SHOWN.format(".pairs thead")) == 1, "the pairs are a table on paper, however narrow"
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") < 30
