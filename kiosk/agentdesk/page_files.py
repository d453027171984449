"""The files of the page, read once at the start: nothing a client names opens a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final


_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file."""

    content: bytes
    media_type: str


def page_files(words: Mapping[str, Mapping[str, str]]) -> Mapping[str, PageFile]:
    """
    Return the files by their paths on the web.

    Args:
        words: The page's texts by their keys, by language.

    """
    told = json.dumps(words, ensure_ascii=False).encode()
    files = {"/words.json": PageFile(told, "application/json")}
    for file in (resources.files("kiosk.agentdesk") / "page").iterdir():
        kind = _KINDS.get(f".{file.name.rpartition('.')[2]}")
        if kind is not None:
            path = "/" if file.name == _INDEX else f"/{file.name}"
            files[path] = PageFile(file.read_bytes(), kind)
    return files
