"""A branch's own texts: known keys, the same gaps, one clear sentence otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.appearance import texts_in
from kiosk.config.load import load_kiosk
from kiosk.errors import ConfigError


HEAD = 'config_version = 1\n[room]\nserver = "http://127.0.0.1:8080"\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "kiosk.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


def test_a_text_of_the_branch_is_said_in_its_language_and_in_no_other(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, '[texts.zh_TW]\n"idle.title" = "視訊櫃檯"\n')
    config = load_kiosk(file).config

    assert texts_in(config, "zh_TW")("idle.title") == "視訊櫃檯"
    assert texts_in(config, "zh_TW")("button.mute") == "靜音"
    assert texts_in(config, "en")("idle.title") == "Talk to an adviser, face to face"


def test_a_text_with_gaps_is_filled_in(tmp_path: Path) -> None:
    file = written(tmp_path, '[texts.en]\n"in_call.others" = "and {count} more"\n')

    assert texts_in(load_kiosk(file).config, "en")("in_call.others", count=2) == (
        "and 2 more"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('"idle.titel" = "x"', 'did you mean "idle.title"?'),
        ('"xyzzy" = "x"', 'no text has the key "xyzzy"'),
        ('"idle.title" = " "', '"idle.title" must not be empty'),
        ('"idle.title" = "a\\u0007"', "control characters"),
        (
            '"idle.title" = "{name}"',
            '"idle.title" needs these gaps and no others: none',
        ),
        ('"in_call.others" = "many"', "needs these gaps and no others: {count}"),
        ('"in_call.others" = "{count!r}"', "needs these gaps and no others: {count}"),
        ('"in_call.others" = "{count"', "needs these gaps and no others: {count}"),
        ('"idle.title" = 3', "must be text"),
        (f'"idle.title" = "{"x" * 201}"', "at most 200 characters"),
    ],
)
def test_what_cannot_be_said_is_one_mistake_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_kiosk(written(tmp_path, f"[texts.en]\n{text}\n"))

    (mistake,) = caught.value.mistakes
    assert complaint in mistake
    assert "[texts]" in mistake


def test_a_language_that_is_not_spoken_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        load_kiosk(written(tmp_path, '[texts.fr]\n"idle.title" = "x"\n'))
