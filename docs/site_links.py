"""A hook of MkDocs: pages are called by their titles; links to what the site lacks become words."""

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\((?!https?://|#)([^)#\s]+)(#[^)\s]*)?\)")


def title(page: Path) -> str:
    """The first heading of a page."""
    return page.read_text("utf-8").partition("\n")[0].removeprefix("# ")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """The text of a page; a link to a page that does not exist stays, and MkDocs warns of it."""
    docs = Path(config["docs_dir"]).resolve()
    here = Path(page.file.abs_src_path).parent

    def kept(link: re.Match[str]) -> str:
        target = (here / link[2]).resolve()
        inside = target.is_relative_to(docs) and target.is_file()
        file = files.get_file_from_path(target.relative_to(docs).as_posix()) if inside else None
        elsewhere = file is None or file.inclusion.is_excluded()
        if elsewhere and target.exists():
            return link[1]
        if link[1] == target.name and inside:  # on a site nobody looks for file names
            return link[0].replace(link[1], title(target), 1)
        return link[0]

    return LINK.sub(kept, markdown)
