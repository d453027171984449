"""
picamera2's own encoder, unmodified, before a driver that is none.

The seam is libc's: a library in LD_PRELOAD answers open, ioctl, mmap, poll and close of
/dev/video11, because picamera2 calls ``open``, ``fcntl``, ``mmap`` and ``select`` by
their names and would have to be patched anywhere higher up.  Behind it pictures are
really encoded.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.codec_firmware import BITRATE, Firmware, Open, build_driver
from tests.fakes.h264_wire import IDR, PPS, SPS


ROOT = Path(__file__).parents[2]
SURROUNDINGS = ROOT / "tests/fakes/picamera2_surroundings"
DEADLINE_S = 50.0


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_driver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, driver: Path) -> Made:
    firmware = Firmware(tmp_path_factory.mktemp("call") / "firmware")
    try:
        return Made(story_of("call", firmware, driver), firmware.opens)
    finally:
        firmware.close()


@pytest.fixture
def firmware(tmp_path: Path) -> Iterator[Firmware]:
    firmware = Firmware(tmp_path / "firmware")
    yield firmware
    firmware.close()


@dataclass(frozen=True)
class Made:
    """A call that was made, and what the firmware saw of it."""

    story: dict[str, Any]
    opens: list[Open]


class Call:
    """The process of a camera."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_for(self, line: str) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == line

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def story(self) -> dict[str, Any]:
        out, errors = self._process.communicate(timeout=DEADLINE_S)
        assert self._process.returncode == 0, errors
        story: dict[str, Any] = json.loads(out)
        return story


@contextmanager
def begun(scenario: str, firmware: Firmware, driver: Path) -> Iterator[Call]:
    environment = {
        **os.environ,
        "LD_PRELOAD": str(driver),
        "FAKE_CODEC": str(firmware.path),
        "PYTHONPATH": f"{ROOT}:{SURROUNDINGS}",
    }
    command = [sys.executable, "-m", "tests.fakes.encoder_call", scenario]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield Call(process)
        finally:
            process.kill()


def story_of(scenario: str, firmware: Firmware, driver: Path) -> dict[str, Any]:
    with begun(scenario, firmware, driver) as call:
        return call.story()


def test_a_call_with_the_hardware_encoder(made: Made) -> None:
    story = made.story

    assert story["found"]
    assert story["first"][:2] == [SPS, PPS]
    assert IDR in story["first"]
    assert story["decoded"] == 1.0
    assert story["rising"]
    assert story["threads"] == ["camera"]
    assert story["previews"] > 10


def test_an_idr_comes_within_the_pictures_that_are_on_their_way(made: Made) -> None:
    assert made.story["idr_after"] <= 4


def test_the_bit_rate_changes_on_the_encoders_own_descriptor(made: Made) -> None:
    rates = [
        [value for number, value in one.controls if number == BITRATE]
        for one in made.opens
        if one.n_coded
    ]
    assert rates == [[300_000, 50_000]]
    assert made.story["after"] < made.story["before"] / 2


def test_the_bit_rate_of_another_descriptor_changes_nothing(
    firmware: Firmware, driver: Path
) -> None:
    story = story_of("stranger", firmware, driver)

    assert story["after"] > story["before"] / 2


def test_parameter_sets_without_a_picture_reach_nobody(
    firmware: Firmware, driver: Path
) -> None:
    firmware.gives_empty_units = True

    story = story_of("empty", firmware, driver)

    assert story["decoded"] == story["units"]
    assert all(kinds[-1] in {1, IDR} for kinds in story["kinds"])
    assert all(SPS in kinds for kinds in story["kinds"] if IDR in kinds)


def test_an_encoder_that_falls_silent_is_found_within_two_seconds(
    firmware: Firmware, driver: Path
) -> None:
    with begun("stall", firmware, driver) as call:
        call.wait_for("stall")
        firmware.is_stalled = True
        call.go_on()
        call.wait_for("go on")
        firmware.is_stalled = False
        call.go_on()
        story = call.story()

    # the last pictures go in first: the camera has six
    assert story["found_s"] < 2.5
    assert story["again_by_idr"]


@pytest.mark.parametrize("step", ["refuses_open", "refuses_stream"])
def test_an_encoder_in_use_is_told_and_leaves_the_picture_to_the_processor(
    firmware: Firmware, driver: Path, step: str
) -> None:
    setattr(firmware, step, errno.EBUSY)

    story = story_of("refused", firmware, driver)

    cause = "the H.264 encoder /dev/video11 is busy: another program encodes; end it"
    assert len(story["told"]) == 10
    assert all(words.endswith(cause) for words in story["told"])
    assert story["filmed"] == 10
    assert story["held"] == 1
    assert not story["open"]


def test_an_older_picamera2_gets_its_idr_by_the_same_control(
    firmware: Firmware, driver: Path
) -> None:
    assert story_of("older", firmware, driver)["came"]


def test_opening_and_closing_leaves_no_thread_and_no_descriptor(
    firmware: Firmware, driver: Path
) -> None:
    story = story_of("rounds", firmware, driver)

    assert story["after"] == story["before"]


def test_the_package_that_only_looks_like_kms_is_not_installed() -> None:
    assert find_spec("kms") is None
