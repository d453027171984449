"""``[texts.en]`` and so on: a branch's own texts in the place of ours, by their keys."""

from __future__ import annotations

import string
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, Field

from kiosk.config.section import Section
from kiosk.config.values import no_control_characters
from kiosk.english import ENGLISH


_LONGEST_KEY = 60


def _own_texts(texts: dict[str, str]) -> dict[str, str]:
    for key, text in texts.items():
        if key not in ENGLISH:
            raise ValueError(_unknown(key))
        try:
            no_control_characters(text)
        except ValueError as error:
            raise ValueError(f'"{key}" {error}') from error
        gaps = _gaps(ENGLISH[key]) or set()
        if _gaps(text) != gaps:
            named = ", ".join(f"{{{gap}}}" for gap in sorted(gaps))
            raise ValueError(
                f'"{key}" needs these gaps and no others: {named or "none"}'
            )
    return texts


def _unknown(key: str) -> str:
    near = get_close_matches(key, ENGLISH, 1)
    if near:
        return f'did you mean "{near[0]}"? There is no text of the key given'
    shown = "".join(c for c in key[:_LONGEST_KEY] if c.isprintable())
    return f'no text has the key "{shown}"; kiosk/english.py lists them'


def _gaps(text: str) -> set[str] | None:
    """Return the names in curly brackets; ``None`` where the brackets are no gaps."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        return None
    named = {name for _, name, _, _ in parts if name is not None}
    plain = not any(spec or turned for _, _, spec, turned in parts)
    return named if plain else None


OwnTexts = Annotated[
    dict[str, Annotated[str, Field(max_length=200)]], AfterValidator(_own_texts)
]


class TextsSection(Section):
    """
    Texts by language and key, as the sample file shows them.

    Attributes:
        en: English.
        zh_CN: Simplified Chinese.
        zh_TW: Taiwan's Chinese.

    """

    en: OwnTexts = Field(default={})
    zh_CN: OwnTexts = Field(default={})  # noqa: N815 -- the name of the locale
    zh_TW: OwnTexts = Field(default={})  # noqa: N815

    def of(self, language: str) -> dict[str, str]:
        """Return the texts of one language."""
        texts: dict[str, str] = getattr(self, language)
        return texts
