"""Deep measurements: real synthetic devices and a card that is none, and what is wrong."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.app.doctor.check import Check, Verdict
from kiosk.app.doctor.deep import Bench, look_at_buttons, look_deep
from kiosk.app.doctor.deep_camera import measure_camera
from kiosk.app.doctor.deep_sound import measure_microphone, measure_speaker
from kiosk.app.doctor.machine import run_program
from kiosk.codec.beep import ToneSource
from kiosk.config.load import load_kiosk
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.errors import DeviceError
from kiosk.ports import Bitrate
from tests.fakes.media_kit import small_camera


CLOCK = MonotonicClock()


class Bystander:
    """Somebody who types what he was told to, and reads everything."""

    def __init__(self, *lines: str) -> None:
        self.read: list[str] = []
        self._lines = list(lines)

    @property
    def is_here(self) -> bool:
        return bool(self._lines) or bool(self.read)

    def tell(self, text: str) -> None:
        self.read.append(text)

    def typed(self, within_s: float) -> str | None:
        return self._lines.pop(0) if self._lines else None


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.what: check for check in checks}


def bench(
    folder: Path, person: Bystander, status: dict[str, object] | None, more: str
) -> Bench:
    file = folder / "kiosk.toml"
    file.write_text(
        'config_version = 1\n[room]\nserver = "http://127.0.0.1:9"\n' + more
    )
    config = load_kiosk(file).config
    return Bench(config, CLOCK, folder, run_program, person, status)


def test_a_camera_is_measured_steered_read_back_and_closed() -> None:
    camera = small_camera(CLOCK)

    found = by_name(list(measure_camera(camera, CLOCK, 30.0)))

    assert set(found) == {
        "camera, measured",
        "camera's clock",
        "encoder",
        "camera's picture",
        "camera closed",
    }
    assert "when told 200" in found["encoder"].evidence
    assert "IDR after" in found["encoder"].evidence
    assert not camera.is_open


def test_a_camera_without_pictures_is_told_and_closed() -> None:
    camera = small_camera(CLOCK)
    camera.stall()

    found = by_name(list(measure_camera(camera, CLOCK, 30.0)))

    assert found["camera, measured"].verdict is Verdict.FAILURE
    assert "no picture in 3 s" in found["camera, measured"].evidence
    assert not camera.is_open


def test_an_absent_device_is_an_error_of_its_own() -> None:
    with pytest.raises(DeviceError, match="absent"):
        list(measure_camera(small_camera(CLOCK, absent=True), CLOCK, 30.0))
    with pytest.raises(DeviceError, match="absent"):
        list(measure_microphone(SyntheticMicrophone(CLOCK, absent=True), CLOCK))
    speaker = SyntheticSpeaker(CLOCK, absent=True)
    with pytest.raises(DeviceError, match="absent"):
        list(measure_speaker(speaker, CLOCK, Bystander()))


def test_a_microphone_is_measured_and_a_deaf_one_told() -> None:
    (heard,) = measure_microphone(SyntheticMicrophone(CLOCK), CLOCK)
    deaf = SyntheticMicrophone(CLOCK, ToneSource(amplitude=0.0))
    (silent,) = measure_microphone(deaf, CLOCK)

    assert "dBFS" in heard.evidence
    assert heard.verdict is not Verdict.FAILURE
    assert silent.verdict is Verdict.FAILURE
    assert "hears nothing" in silent.cure


@pytest.mark.parametrize(
    ("answer", "verdict"), [("y", Verdict.GOOD), ("n", Verdict.FAILURE)]
)
def test_a_tone_is_judged_by_who_hears_it(answer: str, verdict: Verdict) -> None:
    person = Bystander(answer)

    (check,) = measure_speaker(SyntheticSpeaker(CLOCK), CLOCK, person)

    assert check.verdict is verdict
    assert "ms after it is written" in check.evidence
    assert "hear a tone" in person.read[0]


def test_everything_a_running_kiosk_holds_is_left_to_it(tmp_path: Path) -> None:
    devices = dict.fromkeys(("camera_open", "microphone_open", "speaker_open"), True)
    before = threading.active_count()

    found = list(look_deep(bench(tmp_path, Bystander(), {"devices": devices}, "")))

    assert [check.verdict for check in found] == [Verdict.SKIPPED] * 9
    assert "systemctl stop kiosk" in found[0].evidence
    assert threading.active_count() == before


def test_a_whole_deep_look_measures_a_card_and_ends_without_anybody_there(
    tmp_path: Path,
) -> None:
    lamps = tmp_path / "lamps"
    more = (
        '[display]\ndevice = "fake-drm:vc4-gen4"\n'
        '[buttons]\ndevice = "script:/nowhere"\n'
        f'[indicators]\ndevice = "file:{lamps}"\n'
    )
    before = threading.active_count()

    found = by_name(list(look_deep(bench(tmp_path, Bystander(), None, more))))

    assert "plan A" in found["display, measured"].evidence
    assert found["display, measured"].verdict is Verdict.GOOD
    assert "nobody is there" in found["buttons, measured"].evidence
    assert threading.active_count() == before


def test_buttons_are_asked_for_one_by_one_and_may_be_skipped(tmp_path: Path) -> None:
    script = tmp_path / "presses"
    script.write_text("0 call\n")
    person = Bystander(*["Enter"] * 20)
    more = f'[buttons]\ndevice = "script:{script}"\n'

    found = by_name(list(look_at_buttons(bench(tmp_path, person, None, more))))

    assert found["button call"].verdict is Verdict.GOOD
    assert found["button hangup"].verdict is Verdict.SKIPPED
    assert len(person.read) == 3


def test_a_camera_whose_encoder_does_not_follow_is_told() -> None:
    class Stubborn(SyntheticCamera):
        @override
        def set_bitrate(self, bitrate: Bitrate) -> None:
            """Go on as before."""

        @override
        def request_idr(self) -> None:
            """Make none."""

    camera = Stubborn(
        CLOCK,
        width=640,
        height=360,
        bitrate=Bitrate(1_500_000),
        ceiling=Bitrate(1_500_000),
        gop_s=60.0,
    )

    found = by_name(list(measure_camera(camera, CLOCK, 30.0)))

    assert found["encoder"].verdict is Verdict.FAILURE
    assert "no IDR when asked" in found["encoder"].evidence
