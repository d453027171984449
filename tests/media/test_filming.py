"""The camera's way into the queue: passed on, a card in its place, and back again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import plane_of
from kiosk.codec.no_camera import GROUND, SIGN
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.filming import Filming
from kiosk.media.outgoing import Outgoing
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    CaptureBack,
    CaptureLost,
    DmabufFrame,
    MediaFact,
    Micros,
    Probe,
    SoftFrame,
)
from kiosk.rtmp import avc
from tests.fakes.stepped import SteppedTime


SECOND_US = 1_000_000
LIMITS = CaptureDeadlines(silent_s=2.0, card_s=1.0, away_s=6.0)


@dataclass
class HandCamera:
    """Implements :class:`kiosk.ports.Camera`; the test takes its pictures."""

    picture_size: tuple[int, int] = (320, 180)
    is_open: bool = False
    idrs_wanted: int = 0
    rates: list[float] = field(default_factory=list)
    on_unit: Callable[[AccessUnit], None] | None = None
    on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None

    def probe(self) -> Probe:
        return Probe("by hand")

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        self.on_unit, self.on_preview = on_unit, on_preview
        self.is_open = True

    def request_idr(self) -> None:
        self.idrs_wanted += 1

    def set_bitrate(self, bitrate: Bitrate) -> None:
        self.rates.append(float(bitrate))

    def set_picture_rate(self, pictures_per_second: float) -> None:
        self.rates.append(pictures_per_second)

    def take_still(self) -> SoftFrame:
        raise AssertionError("nobody asked")

    def close(self) -> None:
        self.is_open = False


class Scene:
    """A camera, its way, and what came out of the queue."""

    def __init__(self, size: tuple[int, int] = (320, 180)) -> None:
        self.time = SteppedTime()
        self.camera = HandCamera(size)
        self.outgoing = Outgoing(self.time)
        self.facts: list[MediaFact] = []
        self.filming = Filming(
            self.camera,
            self.outgoing,
            self.time,
            self_view=None,
            post=self.facts.append,
            deadlines=LIMITS,
        )
        self.filming.start()
        self.filming.watch()

    def take(self, *, is_idr: bool) -> None:
        assert self.camera.on_unit is not None
        self.camera.on_unit(AccessUnit(b"camera", self.time.now(), is_idr=is_idr))

    def see(self) -> None:
        assert self.camera.on_preview is not None
        planes = (memoryview(b""),) * 3
        frame = SoftFrame(0, 0, planes, (0, 0, 0), self.time.now())
        self.camera.on_preview(frame)

    def tend(self, seconds: float) -> list[AccessUnit]:
        """Let the mic thread run so long; what was queued meanwhile."""
        came: list[AccessUnit] = []
        for _ in range(round(seconds * 50)):
            self.time.pass_to(self.time.now() + SECOND_US // 50)
            self.filming.tend()
            came += self.queued()
        return came

    def queued(self) -> list[AccessUnit]:
        came: list[AccessUnit] = []
        while (unit := self.outgoing.get(0)) is not None:
            assert isinstance(unit, AccessUnit)
            came.append(unit)
        return came


def shown_by(units: list[AccessUnit]) -> list[SoftFrame]:
    nals = avc.split_annex_b(units[0].data)
    config = avc.config_of(nals)
    assert config is not None
    decoder = H264Decoder(avc.write_config(config))
    frames: list[SoftFrame] = []
    for unit in units:
        coded = avc.to_avcc(avc.split_annex_b(unit.data))
        frames += decoder.decode(coded, Micros(unit.captured_at))
    return frames


def test_a_camera_that_is_gone_before_the_first_look_is_told_as_unplugged() -> None:
    scene = Scene()
    scene.camera.close()
    scene.tend(7.0)

    assert scene.facts == [CaptureLost("camera", "unplugged or failed for 6.0 s")]


def test_within_two_seconds_of_silence_a_card_is_sent_that_begins_with_an_idr() -> None:
    scene = Scene()
    scene.take(is_idr=True)
    before = scene.tend(0.9)
    card = scene.tend(3.0)

    assert [unit.data for unit in before] == [b"camera"]
    assert card[0].is_idr
    assert 4 <= len(card) <= 8
    assert card[0].captured_at <= 2 * SECOND_US + SECOND_US
    assert scene.facts == []


def test_the_card_is_the_sign_of_a_camera_that_is_struck_through() -> None:
    scene = Scene()

    shown = shown_by(scene.tend(4.0))

    luma = plane_of(shown[-1], 0)
    assert luma.shape == (180, 320)
    assert abs(int(luma[5, 5]) - GROUND) < 8
    assert abs(int(luma.max()) - SIGN) < 20


def test_a_camera_that_is_back_is_passed_on_from_its_next_idr_on() -> None:
    scene = Scene()
    scene.tend(3.0)
    scene.take(is_idr=False)
    after_return = scene.tend(0.1)
    asked = scene.camera.idrs_wanted
    scene.take(is_idr=True)
    scene.take(is_idr=False)

    passed = [unit.is_idr for unit in scene.tend(0.5)]
    assert after_return == []
    assert asked == 1
    assert passed == [True, False]


def test_one_that_stays_away_is_told_once_and_told_when_it_is_back() -> None:
    scene = Scene()
    scene.tend(20.0)
    lost = list(scene.facts)
    scene.take(is_idr=True)
    scene.tend(0.1)

    assert lost == [CaptureLost("camera", "no picture for 6.0 s")]
    assert scene.facts[1:] == [CaptureBack("camera")]


def test_one_that_closed_by_itself_is_told_as_such() -> None:
    scene = Scene()
    scene.tend(0.1)
    scene.camera.close()
    scene.tend(7.0)

    assert scene.facts == [CaptureLost("camera", "unplugged or failed for 6.0 s")]


def test_while_rate_control_lets_nothing_be_coded_there_is_no_card() -> None:
    scene = Scene()
    for _ in range(100):
        scene.see()
        assert scene.tend(0.1) == []
    assert scene.facts == []


def test_a_camera_that_sees_but_codes_nothing_has_a_card_in_the_end() -> None:
    scene = Scene()
    card: list[AccessUnit] = []
    for _ in range(170):
        scene.see()
        card += scene.tend(0.1)

    assert card[0].is_idr
    assert scene.facts == [CaptureLost("camera", "no coded picture for 16.0 s")]


def test_a_card_is_an_idr_as_soon_as_one_is_asked_for() -> None:
    scene = Scene()
    scene.tend(3.0)
    scene.filming.request_idr()

    card = scene.tend(0.2)
    assert [unit.is_idr for unit in card] == [True]


def test_a_card_leaves_the_network_the_pause_it_needs() -> None:
    scene = Scene()
    scene.filming.set_picture_rate(0.25)
    scene.filming.set_bitrate(Bitrate(50_000))

    assert len(scene.tend(10.0)) == 3
    assert scene.camera.rates == [0.25, 50_000.0]


def test_a_camera_that_is_being_closed_has_no_card() -> None:
    scene = Scene()
    scene.filming.end()

    assert scene.tend(8.0) == []
    assert scene.facts == []


def test_a_card_that_cannot_be_coded_is_told_once_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene(size=(2, 2))
    with caplog.at_level(logging.WARNING):
        assert scene.tend(8.0) == []

    assert [type(fact) for fact in scene.facts] == [CaptureLost]
    assert len(caplog.records) == 1


def test_a_lent_picture_that_nobody_shows_goes_back_to_the_camera() -> None:
    scene, given_back = Scene(), [0]

    def release() -> None:
        given_back[0] += 1

    assert scene.camera.on_preview is not None
    size, at = (320, 180), scene.time.now()
    scene.camera.on_preview(
        DmabufFrame(-1, *size, "YU12", (0, 0, 0), (320, 160, 160), at, release)
    )

    assert given_back == [1]
