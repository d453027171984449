from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.daemon_settings import settings_of
from kiosk.config.load import load_kiosk
from kiosk.daemon.notices import Notice


def notices(folder: Path, text: str) -> dict[Notice, str]:
    file = folder / "kiosk.toml"
    head = 'config_version = 1\n[room]\nserver = "http://127.0.0.1:8080"\n'
    file.write_text(head + text)
    return dict(settings_of(load_kiosk(file).config).notices)


@pytest.mark.parametrize("language", ["en", "zh_CN", "zh_TW"])
def test_every_notice_has_words_of_the_kiosks_language(
    language: str, tmp_path: Path
) -> None:
    words = notices(tmp_path, f'[kiosk]\nlanguage = "{language}"\n')

    assert set(words) == set(Notice)
    assert len(set(words.values())) == len(Notice)
    assert ("Microphone off" in words.values()) is (language == "en")


def test_notices_can_be_switched_off(tmp_path: Path) -> None:
    assert notices(tmp_path, "[call]\nnotices = false\n") == {}
