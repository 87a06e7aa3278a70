"""The page of `mlptrain report` in a real browser: quiet, alone, legible, narrow and in the dark."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Page, browsing
from helpers import CONFIGS
from runs import invoke

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NARROW = 360

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
pytest.importorskip("matplotlib", reason="pictures need matplotlib")

CONTRASTS = """
(() => {
  const parsed = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parsed(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return null;
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const below = paper(element);
    if (!below) { found.push([0, element.outerHTML.slice(0, 80)]); continue; }
    const a = light(parsed(getComputedStyle(element).color)), b = light(below);
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 80)]);
  }
  return found;
})()
"""
"""Contrast of each visible text to what is painted below it. Source: WCAG 2.2, "contrast ratio"."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page about one run with pictures, and a page that compares two."""
    folder = tmp_path_factory.mktemp("reports")
    runs = []
    for hidden in (3, 6):
        run = folder / f"digits-{hidden}"
        settings = [f"model.hidden=[{hidden}]", "train.epochs=2"]
        options = [part for each in settings for part in ("--set", each)]
        assert invoke("fit", CONFIGS / "digits.yaml", *options, "--out", run, "--quiet").exit_code == 0
        runs.append(run)
    pages = {"one": folder / "one.html", "two": folder / "two.html"}
    assert invoke("report", runs[0], "-o", pages["one"]).exit_code == 0
    assert invoke("report", *runs, "-o", pages["two"]).exit_code == 0
    return pages


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    assert CHROMIUM is not None
    with browsing(CHROMIUM, tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(params=["one", "two"])
def report(request: Any, reports: dict[str, Path]) -> Path:
    return reports[request.param]


def test_nothing_is_said_on_the_console(page, report):
    page.show(report)
    assert page.said() == []


def test_nothing_but_the_page_itself_is_asked_for(page, report):
    page.show(report)
    assert page.requests() == [report.resolve().as_uri()]


def test_every_picture_is_drawn_and_has_words(page, report):
    page.show(report)
    pictures = page.ask("[...document.images].map(i => [i.naturalWidth, i.alt])")
    assert pictures
    assert [each for each in pictures if each[0] == 0 or not each[1].strip()] == []


def test_pictures_are_other_ones_in_the_dark(page, report):
    sources = "[...document.querySelectorAll('picture img')].map(i => i.currentSrc)"
    page.show(report)
    light = page.ask(sources)
    page.show(report, dark=True)
    dark = page.ask(sources)
    assert light
    assert all(a != b for a, b in zip(light, dark, strict=True))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_background(page, report, dark):
    page.show(report, dark=dark)
    contrasts = page.ask(CONTRASTS)
    assert len(contrasts) > 30
    assert [each for each in contrasts if each[0] < 4.5] == []


def test_a_narrow_screen_needs_no_scrolling_sideways(page, report):
    page.show(report, width=NARROW)
    assert page.ask("document.documentElement.scrollWidth") <= NARROW


def test_it_has_a_language_a_title_one_heading_and_a_main_part(page, report):
    page.show(report)
    assert page.ask("document.documentElement.lang") == "en"
    assert page.ask("document.title").strip()
    assert page.ask("document.querySelectorAll('h1').length") == 1
    assert page.ask("document.querySelectorAll('main').length") == 1


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_what_is_folded_on_the_screen_is_printed(page, reports, medium):
    page.show(reports["one"])
    page.send("Emulation.setEmulatedMedia", media=medium)
    shown = page.ask(
        "[...document.querySelectorAll('details')].map(each => each.lastElementChild.checkVisibility())"
    )
    page.send("Emulation.setEmulatedMedia", media="")
    assert shown == [medium == "print"] * len(shown)
    assert shown


def test_it_can_be_printed(page, report):
    page.show(report)
    printed = base64.b64decode(page.send("Page.printToPDF")["data"])
    assert printed.startswith(b"%PDF-")


def test_no_table_is_wider_than_the_printed_page(page, reports):
    # A4 is 210 mm wide, and the browser's own margins leave 190: 718 pixels at 96 to the inch.
    page.show(reports["one"], width=718)
    page.send("Emulation.setEmulatedMedia", media="print")
    widths = page.ask("[...document.querySelectorAll('table')].map(each => each.scrollWidth)")
    page.send("Emulation.setEmulatedMedia", media="")
    assert widths
    assert max(widths) <= 718


def test_a_click_or_a_key_sorts_a_table_and_says_so(page, reports):
    page.show(reports["one"])
    column = (
        "[...document.querySelector('#metrics table').tBodies[0].rows]"
        ".map(row => row.cells[1].textContent.replace(/,/g, ''))"
    )
    before = [float(each) for each in page.ask(column)]
    assert before != sorted(before)
    page.ask("document.querySelectorAll('#metrics th button')[1].focus()")
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key="Enter", text="\r", windowsVirtualKeyCode=13)
    assert [float(each) for each in page.ask(column)] == sorted(before)
    assert page.ask("document.querySelector('#metrics th[aria-sort]').ariaSort") == "ascending"
    page.ask("document.querySelectorAll('#metrics th button')[1].click()")
    assert [float(each) for each in page.ask(column)] == sorted(before, reverse=True)
    assert page.said() == []
