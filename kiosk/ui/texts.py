"""
What the kiosk says in a language: by key, with the names filled in.

English is the source (:mod:`kiosk.english`); the other languages are gettext
catalogues beside this module. A branch may put texts of its own in the place of
ours. What a language lacks is said in English, so that no screen has a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kiosk.english import ENGLISH
from kiosk.ui.po import compiled, read_po


LOCALE: Final = Path(__file__).with_name("locale")
FALLBACK: Final = "en"
LANGUAGES: Final = (FALLBACK, "zh_CN", "zh_TW")
"""By the name of the locale."""

log = logging.getLogger(__name__)

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Texts:
    """
    All texts of one language.

    Args:
        language: One of :data:`LANGUAGES`; of any other, English.
        own: Texts of the branch in the place of ours, by key.

    """

    def __init__(self, language: str, own: Mapping[str, str] = _NOTHING) -> None:
        if language not in LANGUAGES:
            log.warning("no texts in %s: they are in English", language)
            language = FALLBACK
        self.language = language
        self._own = own

    @property
    def needs_cjk(self) -> bool:
        """Whether a Chinese font must be there to write them."""
        return self.language != FALLBACK

    def __call__(self, key: str, **gaps: object) -> str:
        """
        Return a text.

        Args:
            key: One of :data:`kiosk.english.ENGLISH`.
            gaps: What stands in its gaps, by their names.

        """
        text = self._own.get(key) or self._ours(key)
        return text.format(**gaps) if gaps else text

    def _ours(self, key: str) -> str:
        english = ENGLISH[key]
        if self.language == FALLBACK:
            return english
        return _catalogue(self.language).pgettext(key, english)


@cache
def _catalogue(language: str) -> GNUTranslations:
    source = (LOCALE / f"{language}.po").read_text(encoding="utf-8")
    return GNUTranslations(BytesIO(compiled(read_po(source))))
