"""The page says everything in every language, and nothing that it never says."""

from __future__ import annotations

import re
import string
from importlib import resources

import pytest

from kiosk.agentdesk.call_values import End, Stage
from kiosk.agentdesk.english import ENGLISH
from kiosk.app.desk_words import LANGUAGES, desk_words
from kiosk.ui.po import read_po


PAGE = resources.files("kiosk.agentdesk") / "page"
SCRIPTS = "\n".join(
    file.read_text() for file in PAGE.iterdir() if file.name.endswith((".js", ".html"))
)

DESK = "\n".join(
    (resources.files("kiosk.agentdesk") / name).read_text()
    for name in ("desk.py", "call_news.py")
)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_of_now_with_its_gaps(language: str) -> None:
    folder = resources.files("kiosk.agentdesk") / "locale"
    header, *entries = read_po((folder / f"{language}.po").read_text(encoding="utf-8"))

    assert f"Language: {language}\n" in header.text
    assert {entry.context: entry.source for entry in entries} == dict(ENGLISH)
    assert desk_words()[language].keys() == ENGLISH.keys()
    for entry in entries:
        assert gaps(entry.text) == gaps(entry.source), entry.context


def test_what_the_page_names_has_a_text() -> None:
    named = set(re.findall(r'data-word="([^"]+)"', SCRIPTS))
    named |= set(re.findall(r'\b(?:say|tell|alarm)\("([a-z_.]+)"', SCRIPTS))
    named |= {f"stage.{stage.value}" for stage in Stage}
    named |= {f"ended.{end.value}" for end in End}
    notices = re.findall(r'"say": "(notice)", "why": "([a-z_]+)"', DESK)
    assert len(notices) >= 5
    named |= {".".join(notice) for notice in notices}

    assert named <= ENGLISH.keys()


def test_every_text_is_said_somewhere() -> None:
    groups = ("stage", "ended", "notice", "refused", "trouble", "quality", "failed")
    said = {key for key in ENGLISH if f'"{key}"' in SCRIPTS or key == "language"}
    chosen = {key for key in ENGLISH if key.partition(".")[0] in groups}

    assert ENGLISH.keys() - said - chosen == set()


def test_each_chinese_is_written_in_its_own_characters() -> None:
    for language, charset in (("zh_CN", "gb2312"), ("zh_TW", "big5")):
        for key, text in desk_words()[language].items():
            assert text.replace("—", "").encode(charset), key
