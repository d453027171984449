"""Languages, consent, prompts and the technician's page, in a kiosk's own process."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PIL import Image

from kiosk.app.announcements import TONES
from kiosk.ports import ScreenName
from tests.fakes.branch import Branch, wait_for_new_pictures
from tests.fakes.hearing import heard, tone_dbfs, tones_in
from tests.fakes.programs import Party
from tests.fakes.waiting import wait_until


pytestmark = pytest.mark.e2e

LANGUAGES = {"name": "Door", "language": "zh_TW", "languages": ["en", "zh_CN"]}


def test_a_customer_chooses_a_language_agrees_and_is_called_for(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (320, 200), (200, 30, 30)).save(pictures / "a.png")
    with Branch() as branch:
        branch.start_server()
        kiosk = branch.start_kiosk(
            kiosk=LANGUAGES,
            call={"consent": True, "ended_s": 0.2},
            room={"create": True},
            prompts={"folder": str(tmp_path / "none")},
            attract={"pictures": str(pictures), "picture_s": 2},
        )
        kiosk.wait_for("IDLE")
        events = kiosk.control.events(silence_s=10)
        kiosk.control.press("call", 2)
        chosen = next(event for event in events if event["event"] == "language")
        assert chosen["language"] == "en"
        assert wait_until(lambda: red_shines_through(kiosk, tmp_path / "idle.png"))

        kiosk.press("call")
        kiosk.wait_for("CONSENT")
        assert not kiosk.control.status()["devices"]["camera_open"]
        time.sleep(1.1)  # it takes a second to read
        kiosk.press("call")
        kiosk.wait_for("WAITING")
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")

        missing = [line for line in kiosk.log.splitlines() if "recording not" in line]
        assert [line for line in missing if "en/consent" in line]


def test_both_buttons_show_the_technicians_page() -> None:
    with Branch() as branch:
        branch.start_server()
        kiosk = branch.start_kiosk(room={"create": True})
        kiosk.wait_for("IDLE")
        kiosk.control.press("mute", 8)
        kiosk.control.press("hangup", 8)

        assert wait_until(lambda: kiosk.screen == "technician", 10)
        kiosk.press("call")
        assert wait_until(lambda: kiosk.screen == "idle")
        assert kiosk.state == "IDLE"


def test_a_customer_hears_that_the_adviser_went_away_and_is_awaited() -> None:
    notes = set(TONES[ScreenName.PEER_AWAY])
    with Branch() as branch:
        branch.start_server()
        agent = branch.start_agent()
        agent.wait_for("WAITING")
        kiosk = branch.start_kiosk(prompts={"tones": True})
        kiosk.wait_for("IDLE")
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        wait_for_new_pictures(kiosk)
        before = tones_in(heard(kiosk.speaker, 0.5), notes)
        agent.kill()
        kiosk.wait_for("GRACE")

        assert wait_until(lambda: tones_in(heard(kiosk.speaker, 1.5), notes) == notes)
        assert before == set()


def test_a_customer_turns_the_volume_and_the_next_one_hears_what_is_configured() -> (
    None
):
    hertz = 600
    with Branch() as branch:
        branch.start_server()
        agent = branch.start_agent(microphone={"device": f"tone:{hertz}"})
        agent.wait_for("WAITING")
        kiosk = branch.start_kiosk(speaker={"volume_db": -3})

        def level() -> float:
            return tone_dbfs(heard(kiosk.speaker, 0.5), hertz)

        kiosk.wait_for("IDLE")
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        assert wait_until(lambda: level() > -40)
        time.sleep(0.5)
        before = level()
        for _ in range(4):
            kiosk.press("volume_down")

        assert wait_until(lambda: abs(level() - (before - 12)) < 1)
        assert kiosk.status()["volume_db"] == -15
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")
        assert kiosk.status()["volume_db"] == -3


def red_shines_through(kiosk: Party, shot: Path) -> bool:
    kiosk.control.screenshot(shot)
    with Image.open(shot) as image:
        red, green, blue = image.convert("RGB").getpixel((image.width // 2, 20))  # type: ignore[misc]
    return bool(red > 150 and max(green, blue) < 80)
