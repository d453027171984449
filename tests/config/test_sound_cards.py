"""What the configuration takes for sound cards, and which mistakes it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_kiosk
from kiosk.errors import ConfigError


ROOM = '[room]\nserver = "http://127.0.0.1:8080"\n'


def load(folder: Path, speaker: str) -> str | None:
    path = folder / "kiosk.toml"
    path.write_text(f"{ROOM}[speaker]\n{speaker}\n")
    path.chmod(0o600)
    return load_kiosk(path).config.speaker.headset


def test_a_headset_is_another_card_than_the_loudspeaker(tmp_path: Path) -> None:
    taken = load(tmp_path, 'device = "alsa:Device"\nheadset = "alsa:Loop"')
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, 'device = "alsa:Device"\nheadset = "alsa:Device"')

    assert taken == "alsa:Loop"
    (mistake,) = caught.value.mistakes
    assert "[speaker] headset: is the card of [speaker] device" in mistake
