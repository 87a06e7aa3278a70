"""The skeleton of a page and its style, with one script, which sorts tables. It fetches nothing."""

from collections.abc import Sequence

from mlptrain.report.html.elements import Section, paragraph, text
from mlptrain.report.html.sorting import FINGERPRINT, SCRIPT
from mlptrain.version import __version__

POLICY = (
    f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{FINGERPRINT}'"
)
"""What a browser may load and run for the page: nothing but what is in it."""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1a1a1a; --soft: #555c66;
  --line: #d0d0d0; --panel: #f4f5f7; --accent: #005a8c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181c; --ink: #e8e8e8; --soft: #a8aeb8;
    --line: #4a4d55; --panel: #212429; --accent: #7cc4f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0 0 .3rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.4rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line);
  font-size: 1.25rem; }
p { margin: .5rem 0; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
header p, figcaption, caption, footer { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .8rem 0 0; padding: 0;
  list-style: none; }
.wide { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { padding-bottom: .3rem; text-align: left; font-size: .9rem; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(58rem, 100vw - 3rem); }
th, td { padding: .22rem .8rem .22rem 0; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top; }
thead th { border-bottom-width: 2px; vertical-align: bottom; }
th[scope=row] { min-width: 4.5rem; font-weight: 600; }
tr.best { background: var(--panel); font-weight: 600; }
.ranked th[scope=row] { white-space: nowrap; }
td { max-width: 22rem; overflow-wrap: break-word; }
td.n { text-align: right; white-space: nowrap; }
th.n { text-align: right; }
th button { all: unset; cursor: pointer; font-weight: inherit; }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
th button:hover { text-decoration: underline; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
.bars { display: block; fill: var(--accent); }
pre { overflow-x: auto; margin: .6rem 0; padding: .7rem .9rem; border-radius: 4px;
  background: var(--panel); font: .875rem/1.45 ui-monospace, monospace; }
figure { margin: .8rem 0 1.4rem; }
figure img { max-width: 100%; height: auto; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; margin: .8rem 0; padding: 0; list-style: none; }
.tiles li { width: 8.5rem; font-size: .875rem; line-height: 1.35; }
.tiles img { display: block; width: 100%; height: auto; margin-bottom: .3rem;
  image-rendering: pixelated; border: 1px solid var(--line); }
summary { cursor: pointer; color: var(--accent); }
footer { margin-top: 3rem; border-top: 1px solid var(--line); font-size: .875rem; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --panel: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  pre { overflow: visible; border: 1px solid var(--line); white-space: pre-wrap; }
  .wide { overflow: visible; font-size: 8.5pt; }
  th, td { padding-right: .5rem; }
  thead th { white-space: normal; }
  p, caption { break-after: avoid; }
  summary { color: inherit; list-style: none; }
  details::details-content { content-visibility: visible; } /* open: paper has no click */
  h2 { break-after: avoid; }
  figure, tr, .tiles li { break-inside: avoid; } }
"""


def page(title: str, outcome: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole document: title, the outcome in a few lines, a table of contents, the sections."""
    contents = "".join(f'<li><a href="#{each.name}">{text(each.title)}</a></li>' for each in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>{text(title)}</h1>\n{''.join(map(paragraph, outcome))}\n"
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav></header>\n'
        f"<main>\n{''.join(map(section, sections))}</main>\n"
        f"<footer><p>Written by mlptrain {text(__version__)}.</p></footer>\n"
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def section(each: Section) -> str:
    """A landmark of its own, named by its heading."""
    return (
        f'<section id="{each.name}" aria-labelledby="{each.name}-title">'
        f'<h2 id="{each.name}-title">{text(each.title)}</h2>\n{each.content}</section>\n'
    )
