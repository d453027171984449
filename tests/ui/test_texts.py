"""Every language says everything, in its own words, and nothing that no screen needs."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from kiosk.english import ENGLISH
from kiosk.ui.po import Entry, read_po
from kiosk.ui.text import is_cjk
from kiosk.ui.texts import FALLBACK, LANGUAGES, LOCALE, Texts


KIOSK = Path(__file__).parents[2] / "kiosk"
TRANSLATED = [language for language in LANGUAGES if language != FALLBACK]
MAINLAND = "視頻 攝像頭 屏幕 網絡 信息 呼叫 服務器 默認 設置 櫃台 鏈接 聯繫 綠色鍵 用戶"
"""Words of the mainland in Taiwan's characters: a converter would write them."""


def entries(language: str) -> tuple[Entry, ...]:
    return read_po((LOCALE / f"{language}.po").read_text(encoding="utf-8"))


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def constants_of_the_product() -> set[str]:
    """All string constants of the product but the list of texts itself."""
    return {
        node.value
        for path in KIOSK.rglob("*.py")
        if path.name != "english.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_catalogues_are_those_of_the_languages() -> None:
    assert sorted(path.stem for path in LOCALE.iterdir()) == sorted(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_text_once_and_none_that_is_not_ours(
    language: str,
) -> None:
    header, *texts = entries(language)

    assert f"Language: {language}\n" in header.text
    assert "charset=UTF-8" in header.text
    assert {entry.context: entry.source for entry in texts} == dict(ENGLISH)
    assert len(texts) == len(ENGLISH)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_missing_or_fuzzy(language: str) -> None:
    assert [entry.context for entry in entries(language) if not entry.counts] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_gaps_of_its_source(language: str) -> None:
    for entry in entries(language)[1:]:
        assert gaps(entry.text) == gaps(entry.source), entry.context


@pytest.mark.parametrize("language", TRANSLATED)
def test_gettext_finds_every_text_and_gives_the_translated_one(language: str) -> None:
    texts = Texts(language)

    for entry in entries(language)[1:]:
        assert texts(entry.context) == entry.text
        assert any(is_cjk(character) for character in entry.text), entry.context


def test_every_text_is_said_somewhere() -> None:
    assert set(ENGLISH) - constants_of_the_product() == set()


def test_a_text_is_said_with_what_stands_in_its_gaps() -> None:
    assert Texts("zh_TW")("in_call.others", count=2) == "另有 2 人"
    assert Texts("en")("in_call.others", count=2) == "2 others"


def test_a_key_that_does_not_exist_is_an_error_and_no_text() -> None:
    with pytest.raises(KeyError):
        Texts("zh_CN")("idle.titel")


def test_a_branchs_own_text_takes_the_place_of_ours() -> None:
    texts = Texts("zh_TW", {"idle.title": "歡迎光臨"})

    assert texts("idle.title") == "歡迎光臨"
    assert texts("button.mute") == "靜音"


def test_each_chinese_is_written_in_its_own_characters() -> None:
    for language, charset in (("zh_CN", "gb2312"), ("zh_TW", "big5")):
        for entry in entries(language)[1:]:
            assert entry.text.encode(charset), entry.context


def test_taiwan_reads_its_own_words_and_not_the_mainlands() -> None:
    said = " ".join(entry.text for entry in entries("zh_TW")[1:])

    assert [word for word in MAINLAND.split() if word in said] == []


def test_only_chinese_needs_a_chinese_font() -> None:
    assert [Texts(language).needs_cjk for language in LANGUAGES] == [False, True, True]
