"""One term for one thing, and English as people write it."""

import re
from pathlib import Path

import pytest
from runs import ROOT

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(DOCS.glob("*.md")),
    *sorted(DOCS.glob("*/*.md")),
]
SOURCES = [*sorted((ROOT / "mlptrain").rglob("*.py")), *sorted((ROOT / "configs").glob("*.yaml"))]

AWKWARD = {
    r"\bis there already\b": "already exists",
    r"\bmust be there\b": "is required",
    r"\bby heart\b": "memorised",
    r"\bin place of \d": "instead of",
    r"\bimports? none but\b": "imports only",
    r"\bends in one line for each\b": "is reported on one line",
    r"\bis done in a second or two\b": "finishes in seconds",
    r"\b(?:is|are) told (?:on|in|seed)\b": "is reported",
    r"\b(?:it becomes|row and become) 0\b": "ignored",
    r"\b(?:became|becomes) all zeros\b": "treated as none",
    r"\band a plane has two\b": "is drawn for two features",
    r"\b[Gg]o(?:es)? on with (?:a run|it with|mlptrain)\b": "resume",
    r"\bnot reached\b": "internal goals belong into no page",
}
"""What reads as if it was translated, and what to write."""

TERMS = re.findall(
    r"^\| ([^|]+) \| [^|]+ \|([^|]*)\|$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE
)[2:]


def prose(page: Path) -> str:
    """A page without blocks of code and without what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def found(pattern: str, text: str) -> list[str]:
    """The lines in which the pattern is, across a line end too."""
    joined = re.sub(r"\n(?:#|\s)*", " ", text)
    return [
        joined[max(0, each.start() - 30) : each.end() + 30] for each in re.finditer(pattern, joined)
    ]


@pytest.mark.parametrize("pattern", AWKWARD)
def test_no_awkward_phrase_is_left_on_a_page_or_in_a_message(pattern):
    texts = {page: prose(page) for page in PAGES} | {
        source: source.read_text(encoding="utf-8") for source in SOURCES
    }
    left = {
        path.relative_to(ROOT).as_posix(): lines
        for path, text in texts.items()
        if (lines := found(pattern, text))
    }
    assert left == {}, f"write: {AWKWARD[pattern]}"


def wrong_words() -> list[tuple[str, str]]:
    return [(word, term) for term, others in TERMS for word in others.split(", ") if word.strip()]


@pytest.mark.parametrize(("word", "term"), wrong_words())
def test_a_page_uses_the_term_of_the_glossary(word, term):
    left = {
        page.name: lines
        for page in PAGES
        if page.name not in ("glossary.md", "coming-from.md")
        and (lines := found(rf"\b{re.escape(word)}s?\b", prose(page)))
    }
    assert left == {}, f"write: {term}"


def test_the_glossary_is_in_order():
    terms = [term.strip() for term, _ in TERMS]
    assert len(terms) > 40
    assert terms == sorted(terms)
