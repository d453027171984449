"""Tones and recordings of screens: once through the speaker, the tone where a file fails."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from pathlib import Path

import pytest

from kiosk.app.announcements import TONES, Announcements, announcements_of
from kiosk.app.chime import tune
from kiosk.config.load import load_kiosk
from kiosk.daemon.announcer import SPEAKS_IN
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.ports import ScreenName
from tests.fakes.eventually import eventually
from tests.fakes.timeless_speaker import seconds, timeless_speaker


def recorded(folder: Path, name: str, seconds: float = 0.5) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    source = f"sine=frequency=1000:duration={seconds}:sample_rate=16000"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(file)],
        check=True,
        timeout=20,
    )


async def heard(folder: Path | None, screen: ScreenName, language: str = "") -> bytes:
    speaker = timeless_speaker()
    async with asyncio.timeout(10):
        await Announcements(folder, "en", lambda: speaker)(screen, language)
    return speaker.played()


async def test_every_screen_with_a_sound_has_a_tone_of_its_own() -> None:
    tunes = {screen: b"".join(tune(notes)) for screen, notes in TONES.items()}

    assert len(set(tunes.values())) == len(tunes)
    assert len(TONES) == len(SPEAKS_IN)  # a screen for each state, and one more each
    assert seconds(await heard(None, ScreenName.CLOSED)) == pytest.approx(
        0.35, abs=0.05
    )
    assert await heard(None, ScreenName.IDLE) == b""


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg"])
async def test_a_recording_of_any_kind_is_played_once_and_whole(
    tmp_path: Path, suffix: str
) -> None:
    recorded(tmp_path, f"en/waiting.{suffix}")

    pcm = await heard(tmp_path, ScreenName.WAITING)

    assert seconds(pcm) == pytest.approx(0.5, abs=0.12)
    assert max(pcm) > 0


async def test_the_recording_is_that_of_the_language(tmp_path: Path) -> None:
    recorded(tmp_path, "en/ended.wav", 0.3)
    recorded(tmp_path, "zh_TW/ended.wav", 0.9)

    own = await heard(tmp_path, ScreenName.ENDED)
    chosen = await heard(tmp_path, ScreenName.ENDED, "zh_TW")

    assert seconds(own) == pytest.approx(0.3, abs=0.1)
    assert seconds(chosen) == pytest.approx(0.9, abs=0.1)


@pytest.mark.parametrize("content", [None, b"", b"no sound" * 100])
async def test_a_recording_that_cannot_be_played_is_one_warning_and_the_tone(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    if content is not None:
        (tmp_path / "en").mkdir()
        (tmp_path / "en" / "ended.wav").write_bytes(content)
    speaker = timeless_speaker()
    announcements = Announcements(tmp_path, "en", lambda: speaker)

    for _ in range(2):
        async with asyncio.timeout(10):
            await announcements(ScreenName.ENDED, "")

    assert seconds(speaker.played()) == pytest.approx(0.7, abs=0.1)
    (told,) = [one for one in caplog.records if "recording not" in one.message]
    assert "ended" in told.__dict__["reason"]


async def test_whoever_is_to_be_heard_gets_the_speaker_at_once(tmp_path: Path) -> None:
    recorded(tmp_path, "en/waiting.wav", 20.0)
    speaker = SyntheticSpeaker(MonotonicClock())
    announcements = Announcements(tmp_path, "en", lambda: speaker)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(announcements(ScreenName.WAITING, ""))
        await eventually(lambda: len(speaker.played()) > 0)
        saying.cancel()
        await asyncio.wait({saying})

        assert not speaker.is_open
        assert not [one for one in threading.enumerate() if one.name == "chime"]


def test_nothing_is_heard_where_nothing_is_wanted(tmp_path: Path) -> None:
    head = 'config_version = 1\n[room]\nserver = "http://127.0.0.1:8080"\n'
    file = tmp_path / "kiosk.toml"

    def made(text: str) -> Announcements | None:
        file.write_text(head + text)
        speaker = SyntheticSpeaker(MonotonicClock())
        return announcements_of(load_kiosk(file).config, lambda: speaker)

    assert made("") is not None
    assert made("[prompts]\ntones = false\n") is None
    assert made(f'[prompts]\ntones = false\nfolder = "{tmp_path}"\n') is not None
    assert made('[call]\nrole = "agent"\n') is None


async def test_a_folder_that_cannot_even_be_looked_at_costs_a_warning_and_no_kiosk(
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = Path("x" * 300)  # an error of its own: neither there nor absent

    pcm = await heard(folder, ScreenName.CLOSED)

    assert pcm.rstrip(b"\0") == b"".join(tune(TONES[ScreenName.CLOSED])).rstrip(b"\0")
    (record,) = caplog.records
    assert "File name too long" in record.__dict__["reason"]


async def test_without_tones_a_missing_recording_is_silence(tmp_path: Path) -> None:
    speaker = timeless_speaker()
    announcements = Announcements(tmp_path, "en", lambda: speaker, tones=False)
    async with asyncio.timeout(10):
        await announcements(ScreenName.ENDED, "")

    assert speaker.played() == b""


async def test_whoever_has_the_speaker_is_given_the_same_samples(
    tmp_path: Path,
) -> None:
    recorded(tmp_path, "zh_TW/peer_away.wav", 0.3)
    announcements = Announcements(tmp_path, "en", timeless_speaker)

    tone = await announcements.sound(ScreenName.PEER_AWAY, "")
    voice = await announcements.sound(ScreenName.PEER_AWAY, "zh_TW")
    nothing = await announcements.sound(ScreenName.IN_CALL, "")

    assert tone == b"".join(tune(TONES[ScreenName.PEER_AWAY]))
    assert seconds(voice) == pytest.approx(0.3, abs=0.1)
    assert nothing == b""


def test_a_screen_has_a_tone_unless_there_is_a_reason() -> None:
    silent = {
        *{ScreenName.STARTING, ScreenName.IDLE},  # a branch would hear it all day
        *{ScreenName.IN_CALL, ScreenName.BROADCASTING},  # somebody speaks
        *{ScreenName.UNCONFIGURED, ScreenName.TECHNICIAN},  # of a technician's work
    }

    assert set(ScreenName) == set(TONES) | silent
