"""Devices that cannot be: each is named on the screen, and the kiosk stays up to say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.branch import Branch


pytestmark = pytest.mark.e2e

SHOWN_S = 30.0
AT_ONCE = {"late_devices_s": 0}

WRONG: dict[str, tuple[str, dict[str, object], str]] = {
    "film": ("camera", {"device": "file:/nowhere/film.mp4"}, "film.mp4"),
    "board": ("camera", {"device": "picamera2"}, "D001 camera"),
    "webcam": ("camera", {"device": "v4l2:NoSuchCamera"}, "NoSuchCamera"),
    "voice": ("microphone", {"device": "file:/nowhere/voice.wav"}, "voice.wav"),
    "ears": ("microphone", {"device": "alsa:NoSuchCard"}, "D001 microphone: no"),
    "record": ("speaker", {"device": "file:/nowhere/at/all.wav"}, "/nowhere"),
    "mouth": ("speaker", {"device": "alsa:NoSuchCard"}, "D001 speaker: no"),
    "script": ("buttons", {"device": "script:/nowhere/presses"}, "/nowhere/presses"),
    "pins": ("buttons", {"device": "gpiozero", "call": 17}, "D001 buttons"),
    "card": ("display", {"device": "drm:/dev/dri/card77"}, "/dev/dri/card77"),
}
"""The section, what stands in it, and what the screen must say."""


@pytest.fixture(scope="module")
def branch() -> Iterator[Branch]:
    with Branch() as made:
        made.start_server()
        yield made


@pytest.mark.parametrize("name", WRONG)
def test_a_device_that_cannot_be_is_named_on_the_screen_and_the_kiosk_stays_up(
    branch: Branch, name: str
) -> None:
    section, table, words = WRONG[name]
    party = branch.start_kiosk(name, kiosk=AT_ONCE, **{section: table})

    status = party.wait_until(
        lambda now: bool(now["faults"]) and now["screen"] == "out_of_service",
        "shown",
        SHOWN_S,
    )

    assert words in status["reason"]
    assert [each["fault"] for each in status["faults"]] == [section]
    assert status["faults"][0]["reason"] == status["reason"]
    assert party.is_running
    assert "Traceback" not in party.log
    party.stop()


def test_a_device_text_that_nobody_knows_is_shown_as_a_wrong_configuration(
    branch: Branch,
) -> None:
    kiosk = branch.start_kiosk("kinect", camera={"device": "kinect"})

    status = kiosk.wait_for("UNCONFIGURED")

    assert "[camera] device" in status["reason"]
    assert [each["flashes"] for each in status["faults"]] == [1]


def test_lamps_that_cannot_be_cost_nothing_but_themselves(branch: Branch) -> None:
    lamps = {"device": "file:/nowhere/at/all/lamps"}
    kiosk = branch.start_kiosk("dark", indicators=lamps)

    kiosk.wait_for("IDLE")
    rows = {row["what"]: row for row in kiosk.control.inspection()}

    assert "/nowhere/at/all" in rows["lamps"]["wrong"]
