"""A microphone is listened to while nobody calls: until its first sound, and no longer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from kiosk.app.level_test import OPEN_S, LevelTest
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE, Micros, Period, Probe
from tests.fakes.stepped import SteppedTime


PERIOD = SAMPLE_RATE // 50
HOUR_S = 3_600
PRESENT = Probe("Headset")


@dataclass
class HandMicrophone:
    """Implements :class:`kiosk.ports.Microphone`; takes no time, and counts it."""

    sample: bytes = b"\x00\x00"
    is_absent: bool = False
    is_open: bool = False
    xruns: int = 0
    opened: int = 0
    heard: list[int] = field(default_factory=list)
    reading: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event | None = None
    opening: threading.Event = field(default_factory=threading.Event)
    driver: threading.Event | None = None

    def probe(self) -> Probe:
        return PRESENT

    def open(self) -> None:
        if self.is_absent:
            raise DeviceError("microphone", "here", "absent")
        self.opening.set()
        if self.driver is not None:
            self.driver.wait(10.0)
        self.is_open = True
        self.opened += 1
        self.heard.append(0)

    def read(self) -> Period:
        self.reading.set()
        if self.gate is not None:
            self.gate.wait(10.0)
        if not self.is_open:
            raise DeviceError("microphone", "here", "closed while it was read")
        self.heard[-1] += PERIOD
        sound = b"" if self.sample == b"\x00\x00" else b"\x07\x00"
        pcm = self.sample * (PERIOD - len(sound) // 2) + sound
        return Period(pcm, Micros(0))

    def close(self) -> None:
        self.is_open = False
        if self.gate is not None:
            self.gate.set()


def level_of(
    microphone: HandMicrophone, clock: SteppedTime, every_s: float = HOUR_S
) -> LevelTest:
    return LevelTest(
        lambda: microphone, clock, every_s=every_s, deaf_s=1.0, closed_s=0.0
    )


def test_one_that_hears_is_open_for_a_period_at_the_start_and_each_hour() -> None:
    microphone, clock = HandMicrophone(sample=b"\x01\x00"), SteppedTime()
    level = level_of(microphone, clock)
    level.listen(is_suspect=False)
    level.listen(is_suspect=False)
    assert microphone.heard == [PERIOD]

    clock.pass_to(clock.now() + HOUR_S * 1_000_000)
    level.listen(is_suspect=False)

    assert microphone.heard == [PERIOD, PERIOD]
    assert not microphone.is_open
    assert level.judge(PRESENT) == PRESENT


def test_a_dead_one_is_told_after_several_short_looks_and_until_it_hears() -> None:
    microphone, clock = HandMicrophone(), SteppedTime()
    level = level_of(microphone, clock)
    level.listen(is_suspect=False)
    dead = level.judge(PRESENT)
    assert dead.found == PRESENT.found
    assert dead.wrong == "the same sample for 1 s: dead, or muted"
    assert "alsamixer" in dead.cure
    assert sum(microphone.heard) == SAMPLE_RATE
    assert max(microphone.heard) <= OPEN_S * SAMPLE_RATE

    microphone.sample = b"\x01\x00"
    level.listen(is_suspect=True)

    assert level.judge(PRESENT) == PRESENT


def test_one_that_a_call_found_dead_has_one_look_to_show_that_it_is_not() -> None:
    microphone, clock = HandMicrophone(sample=b"\x01\x00"), SteppedTime()
    level = level_of(microphone, clock)
    level.listen(is_suspect=False)
    microphone.sample = b"\x00\x00"

    level.listen(is_suspect=True)

    assert level.judge(PRESENT).wrong
    assert microphone.heard[1:] == [OPEN_S * SAMPLE_RATE]


def test_what_is_missing_is_told_by_whoever_asks_it() -> None:
    microphone, clock = HandMicrophone(is_absent=True), SteppedTime()
    level = level_of(microphone, clock)
    level.listen(is_suspect=False)
    missing = Probe("no microphone", "absent", "plug it in")
    assert level.judge(missing) == missing

    microphone.is_absent = False
    level.listen(is_suspect=False)

    assert level.judge(PRESENT).wrong


def test_never_means_never() -> None:
    microphone = HandMicrophone()
    level = level_of(microphone, SteppedTime(), every_s=0)

    level.listen(is_suspect=True)

    assert not microphone.opened


def test_a_call_has_the_microphone_at_once() -> None:
    microphone = HandMicrophone(gate=threading.Event())
    level = level_of(microphone, SteppedTime())
    listening = threading.Thread(target=level.listen, kwargs={"is_suspect": False})
    listening.start()
    assert microphone.reading.wait(10.0)
    assert level.is_open
    held = Probe("Headset", "in use by a kiosk")
    assert level.judge(held) == Probe("Headset, open")

    level.give_way()

    assert not microphone.is_open
    listening.join(10.0)
    assert not listening.is_alive()
    assert not level.is_open
    assert microphone.opened == 1
    assert level.judge(PRESENT) == PRESENT


def test_a_look_that_comes_as_a_call_begins_leaves_it_the_microphone() -> None:
    microphone = HandMicrophone(sample=b"\x01\x00")
    level = level_of(microphone, SteppedTime())
    level.give_way()
    level.listen(is_suspect=False)
    assert not microphone.opened

    level.listen(is_suspect=False)  # after the call

    assert microphone.opened == 1


def test_a_driver_that_hangs_as_it_is_opened_holds_up_no_call() -> None:
    driver = threading.Event()
    microphone = HandMicrophone(driver=driver)
    level = level_of(microphone, SteppedTime())
    listening = threading.Thread(target=level.listen, kwargs={"is_suspect": False})
    listening.start()
    assert microphone.opening.wait(10.0)

    level.give_way()
    assert listening.is_alive()  # in its driver, which nobody waits for

    driver.set()
    listening.join(10.0)
    assert microphone.heard == [0]
    assert not microphone.is_open
    assert not level.is_open
