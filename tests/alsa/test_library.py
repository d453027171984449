"""The real library, without a card: ALSA's own devices that lead to a file or nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.devices.microphone_alsa import AlsaMicrophone
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.errors import DeviceError
from tests.fakes.alsa import library
from tests.fakes.devices import CLOCK
from tests.fakes.leaks import held
from tests.fakes.tones import chirp


TAPE = """
<confdir:alsa.conf>
pcm.tape {{ type file slave.pcm null file "{path}" format raw }}
"""
PLAY = """
import sys
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_alsa import AlsaSpeaker
speaker = AlsaSpeaker(MonotonicClock(), "pcm:tape")
speaker.open()
pcm = sys.stdin.buffer.read()
for at in range(0, len(pcm), 1920):
    speaker.write(pcm[at : at + 1920])
speaker.close()
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    library()


def test_the_names_the_adapters_use_are_there() -> None:
    import alsaaudio  # noqa: PLC0415 -- where it is installed

    assert {"read", "write", "state", "htimestamp", "info", "drop", "close"} <= set(
        dir(alsaaudio.PCM)
    )
    for constant in ("PCM_STATE_XRUN", "PCM_STATE_DISCONNECTED", "PCM_NONBLOCK"):
        assert isinstance(getattr(alsaaudio, constant), int)


def test_what_leads_nowhere_is_opened_read_and_written() -> None:
    microphone = AlsaMicrophone(CLOCK, "pcm:null")
    speaker = AlsaSpeaker(CLOCK, "pcm:null")
    microphone.open()
    speaker.open()

    assert len(microphone.read().pcm) == 1920
    assert speaker.write(bytes(1920))
    microphone.close()
    speaker.close()


def test_a_name_that_alsa_does_not_know_is_told_in_one_sentence() -> None:
    with pytest.raises(DeviceError) as caught:
        AlsaSpeaker(CLOCK, "pcm:nowhere").open()

    assert str(caught.value) == (
        "speaker at nowhere: absent: No such file or directory [nowhere]; "
        "name a card that there is"
    )


def test_a_card_that_is_not_there_is_told_before_alsa_is_asked() -> None:
    with pytest.raises(DeviceError, match="no sound card called Nowhere"):
        AlsaMicrophone(CLOCK, "Nowhere").open()


def test_hundreds_of_rounds_leave_nothing_open() -> None:
    microphone = AlsaMicrophone(CLOCK, "pcm:null")
    speaker = AlsaSpeaker(CLOCK, "pcm:null")
    microphone.open()
    microphone.close()
    before = held()
    for _ in range(300):
        microphone.open()
        speaker.open()
        speaker.close()
        microphone.close()

    assert held() == before


def test_every_sample_reaches_the_card(tmp_path: Path) -> None:
    config, tape = tmp_path / "asound.conf", tmp_path / "tape.raw"
    config.write_text(TAPE.format(path=tape), "ascii")
    played = chirp(0.4)[: 18 * 960].tobytes()

    subprocess.run(
        [sys.executable, "-c", PLAY],
        input=played,
        env={**os.environ, "ALSA_CONFIG_PATH": str(config), "PYTHONPATH": "."},
        check=True,
        timeout=30,
    )

    assert tape.read_bytes() == played
