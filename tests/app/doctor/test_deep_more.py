"""The tone the microphone hears, the picture that is kept, the bars on the display."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from kiosk.app.doctor.check import Verdict
from kiosk.app.doctor.deep_camera import measure_camera
from kiosk.app.doctor.deep_display import BARS, bars
from kiosk.app.doctor.deep_loop import HERTZ, measure_loop
from kiosk.app.doctor.picture import keep_picture
from kiosk.codec.beep import Pcm, ToneSource
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.ports import Micros
from tests.fakes.media_kit import small_camera


CLOCK = MonotonicClock()


class Air:
    """Carries what a loudspeaker plays to whoever listens, and a hum."""

    def __init__(self, share: float) -> None:
        self._tone = ToneSource(HERTZ, 0.1 * share)
        self._hum = ToneSource(100, 0.05)
        self.is_moving = False

    def fill(self, period_start: Micros, n_samples: int) -> Pcm:
        hum = self._hum.fill(period_start, n_samples)
        tone = self._tone.fill(period_start, n_samples)
        return hum + tone if self.is_moving else hum


class Loud(SyntheticSpeaker):
    def __init__(self, air: Air) -> None:
        super().__init__(CLOCK)
        self._air = air

    @override
    def write(self, pcm: bytes) -> Micros:
        self._air.is_moving = True
        return super().write(pcm)


def unit(brightness: int) -> bytes:
    """Return one IDR with SPS and PPS, all of one grey."""
    coder = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt = 64, 48, "yuv420p"
    coder.framerate = Fraction(30)
    grey = np.full((48, 64, 3), brightness, np.uint8)
    frame = av.VideoFrame.from_ndarray(grey, "rgb24").reformat(format="yuv420p")
    packets = [*coder.encode(frame), *coder.encode(None)]
    return bytes(packets[0])


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.5, Verdict.GOOD), (0.0, Verdict.WARNING)]
)
def test_a_tone_is_heard_by_the_microphone_or_said_to_be_missing(
    share: float, verdict: Verdict
) -> None:
    air = Air(share)
    (check,) = measure_loop(Loud(air), SyntheticMicrophone(CLOCK, air), CLOCK)

    assert check.verdict is verdict
    assert "dB above the room" in check.evidence
    assert bool(check.cure) is (verdict is Verdict.WARNING)


@pytest.mark.parametrize(
    ("brightness", "verdict"), [(128, Verdict.GOOD), (4, Verdict.WARNING)]
)
def test_a_picture_is_kept_for_its_owner_and_a_dark_one_told(
    tmp_path: Path, brightness: int, verdict: Verdict
) -> None:
    check = keep_picture(unit(brightness), tmp_path)

    (file,) = tmp_path.iterdir()
    assert check.verdict is verdict
    assert str(file) in check.evidence
    assert file.stat().st_mode & 0o777 == 0o600
    with Image.open(file) as image:
        assert image.size == (64, 48)


def test_what_is_no_picture_is_a_line_and_no_file(tmp_path: Path) -> None:
    check = keep_picture(b"\0\0\0\1no picture at all", tmp_path)

    assert check.verdict is Verdict.FAILURE
    assert not list(tmp_path.iterdir())


def test_a_measured_camera_leaves_the_picture_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = {each.what for each in measure_camera(small_camera(CLOCK), CLOCK, 30.0)}

    assert "camera's picture" in found
    assert len(list(tmp_path.iterdir())) == 1


def test_the_bars_stand_side_by_side_in_their_colours() -> None:
    frame = bars(640, 360, CLOCK.now())

    luma, blue, red = (np.frombuffer(plane, np.uint8) for plane in frame.planes)
    assert (len(luma), len(blue), len(red)) == (640 * 360, 320 * 180, 320 * 180)
    for number, (_, colour) in enumerate(BARS):
        at = number * 80 + 40
        seen = (luma[at], blue[at // 2], red[at // 2])
        assert tuple(map(int, seen)) == colour
