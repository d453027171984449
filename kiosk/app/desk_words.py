"""The texts of the desk's page: English, and what gettext's catalogues have of it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Final

from kiosk.agentdesk.english import ENGLISH
from kiosk.ui.po import read_po


LANGUAGES: Final = ("zh_CN", "zh_TW")
"""Beside English, by the name of the locale."""


def desk_words() -> Mapping[str, Mapping[str, str]]:
    """Return the texts by key, by language."""
    return {"en": ENGLISH, **{language: _texts(language) for language in LANGUAGES}}


def _texts(language: str) -> Mapping[str, str]:
    folder = resources.files("kiosk.agentdesk") / "locale"
    entries = read_po((folder / f"{language}.po").read_text(encoding="utf-8"))
    return {entry.context: entry.text for entry in entries[1:] if entry.counts}
