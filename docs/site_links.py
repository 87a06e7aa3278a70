"""A hook of MkDocs: links that leave docs/, which is all that the site has, become their words."""

import re
from pathlib import Path
from typing import Any

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\((?!https?://|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The text of a page; a link to a page that does not exist stays, and MkDocs warns of it."""
    docs = Path(config["docs_dir"]).resolve()
    here = Path(page.file.abs_src_path).parent

    def kept(link: re.Match[str]) -> str:
        target = (here / link[2]).resolve()
        elsewhere = (
            not target.is_relative_to(docs) or target.is_dir() or target.suffix in (".py", ".ipynb")
        )
        return link[1] if elsewhere and target.exists() else link[0]

    return LINK.sub(kept, markdown)
