"""What MkDocs asks while it builds the site: which pages there are, in which order, and their text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from checkout import NAMED, ROOT, rewritten, site_name, text_of, with_what_they_link_to
from reference import KIND_PAGES, pages, pictures

__all__ = ["on_config", "on_files", "on_nav", "on_page_markdown"]

ASSETS = Path(__file__).parent / "assets"
OVERVIEW = "docs/README.md"
PROJECT = ("CONTRIBUTING.md", "CHANGELOG.md")

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_DOCUMENT = re.compile(r"\]\(([^)#:\s]+\.md)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the order of the pages from docs/README.md: a section for each heading, with what it links to."""
    text = rewritten(OVERVIEW, (ROOT / OVERVIEW).read_text(encoding="utf-8"))
    preface, *sections = _HEADING.split(text)
    home = [site_name("README.md"), {"What is where": site_name(OVERVIEW)}, *_documents(preface)]
    listed: list[Any] = [{"Home": home}]
    for heading, section in zip(sections[::2], sections[1::2], strict=True):
        generated = list(KIND_PAGES) if heading == "Reference" else []
        listed.append({heading: [*generated, *_documents(section)]})
    config.nav = [*listed, {"Project": [site_name(path) for path in PROJECT]}]
    return config


def _documents(section: str) -> list[str]:
    return [name for name in dict.fromkeys(_DOCUMENT.findall(section)) if name not in NAMED.values()]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/, under the names that links lead to."""
    for file in list(files):
        if file.src_uri == "README.md":
            files.remove(file)
    documents = [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]
    for path in with_what_they_link_to(["README.md", "SECURITY.md", *documents, *PROJECT]):
        name = site_name(path)
        if files.get_file_from_path(name) is None:
            text = text_of(path)
            given: dict[str, Any] = {"abs_src_path": str(ROOT / path)} if text is None else {"content": text}
            files.append(_generated(config, name, path, **given))
    for name, text in pages():
        files.append(_generated(config, name, None, content=text))
    for name, picture in pictures():
        files.append(_generated(config, name, None, content=picture))
    for asset in ASSETS.iterdir():
        files.append(File.generated(config, f"assets/{asset.name}", abs_src_path=str(asset)))
    return files


def _generated(config: MkDocsConfig, name: str, path: str | None, **given: Any) -> File:
    made = File.generated(config, name, **given)
    made.edit_uri = None
    _FROM[name] = path
    return made


# Page to the file of the checkout that it is made of, None for what is made of plugin classes.
_FROM: dict[str, str | None] = {}


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> None:  # noqa: ARG001
    """Let the page of a plugin stand in the section of the list that leads to it: its tab, and its menu at the left."""
    for file in files.documentation_pages():
        listed = files.get_file_from_path(f"{file.src_uri.rpartition('/')[0]}.md")
        if file.page is not None and listed is not None and listed.page is not None:
            file.page.parent = listed.page.parent


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn links to files of the checkout into links to pages."""
    path = _FROM.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return markdown if path is None else rewritten(path, markdown)
