"""Buttons on pins: worn contacts, storms, faults, and chips that come and go."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.contacts import Rules
from kiosk.contacts.contact import CALM_US
from kiosk.devices.buttons_gpiozero import LOOK_US, NAP_US, ButtonPin, GpiozeroButtons
from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge, ButtonFault, ButtonTrouble, Micros
from tests.fakes.bounce import Edge, storm, worn_button
from tests.fakes.gpio_kernel import MockPins
from tests.fakes.stepped import SteppedTime


MS = 1_000
CALL = ButtonPin(17, rules=Rules(stuck_us=10_000 * MS))
HANGUP = ButtonPin(27, rules=Rules(stuck_us=10_000 * MS))
DOOR = ButtonPin(13, is_down_high=True, rules=Rules(stuck_us=None, is_state=True))


class Front:
    """Buttons on mock pins, in time that the test moves."""

    def __init__(self, folder: Path, **pins: ButtonPin) -> None:
        self.time = SteppedTime()
        self.pins = MockPins(folder, self.time.wall_s)
        self.edges: list[ButtonEdge] = []
        self.told_at: list[int] = []
        self.faults: list[ButtonFault] = []
        named = {Button(name): pin for name, pin in pins.items()}
        self.buttons = GpiozeroButtons(
            self.time,
            named or {Button.CALL: CALL, Button.HANGUP: HANGUP},
            self.pins.header,
            pace=self.time,
        )

    def start(self) -> None:
        self.buttons.start(self._on_edge, self.faults.append)
        self.time.settle()

    def feed(self, edges: list[Edge], number: int = 17, after_us: int = 0) -> None:
        """Move a pin as a contact to ground does, and let time pass after it."""
        for at, is_closed in edges:
            self.time.pass_to(at)
            self.pins.drive(number, high=not is_closed)
        self.time.pass_to(edges[-1][0] + after_us)

    def moved(self, button: Button = Button.CALL) -> list[bool]:
        return [edge.is_down for edge in self.edges if edge.button is button]

    def _on_edge(self, edge: ButtonEdge) -> None:
        self.edges.append(edge)
        self.told_at.append(self.time.now())


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    front = Front(tmp_path)
    yield front
    front.buttons.close()


def test_ten_thousand_presses_of_a_worn_button_are_reported_exactly(
    front: Front,
) -> None:
    trace = worn_button(10_000, seed=11)
    front.start()

    front.feed(trace.edges, after_us=1_000 * MS)

    assert front.moved() == [True, False] * 10_000
    assert front.faults == []
    downs = front.told_at[::2]
    late = [at - push.down_us for at, push in zip(downs, trace.pushes, strict=True)]
    assert max(late) <= 80 * MS


def test_ten_seconds_of_storm_are_one_fault_a_few_steps_and_little_work(
    front: Front,
) -> None:
    front.start()
    edges = storm(front.time.now() + MS, seconds=10, seed=12)
    steps = front.time.steps
    before = _worked_s()

    front.feed(edges, after_us=5_000 * MS)

    assert _worked_s() - before < 10  # the tables have the figure; this is no hang
    assert front.moved() == []
    assert [(f.trouble, f.is_over) for f in front.faults] == [
        (ButtonTrouble.STORM, False),
        (ButtonTrouble.STORM, True),
    ]
    assert front.time.steps - steps < 100


def _worked_s() -> float:
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_utime + used.ru_stime


def test_a_pin_that_storms_is_heard_now_and_then_until_it_rests(front: Front) -> None:
    front.start()
    edges = storm(front.time.now() + MS, seconds=10, seed=15)
    ended = edges[-1][0]
    heard = 0
    for edge in edges:
        front.feed([edge])
        heard += front.pins.pin(17).when_changed is not None

    front.time.pass_to(ended + 2_000 * MS)
    over = front.faults[-1]
    front.feed([(front.time.now(), True)], after_us=100 * MS)

    assert heard < len(edges) / 25
    assert over.is_over
    assert over.at <= ended + NAP_US + CALM_US
    assert front.moved() == [True]


def test_a_storm_whose_silence_begins_late_is_heard_again_as_well(front: Front) -> None:
    front.start()
    edges = storm(front.time.now() + MS, seconds=1, seed=16)

    def stand_still() -> None:  # the thread of the pins, for longer than a nap
        front.pins.before_silence = lambda: None
        front.time.pass_to(front.time.now() + 2 * NAP_US)

    front.pins.before_silence = stand_still
    front.feed([edge for edge in edges if edge[0] < edges[0][0] + NAP_US])
    front.time.pass_to(front.time.now() + 2_000 * MS)
    front.feed([(front.time.now(), True)], after_us=100 * MS)

    assert front.faults[-1].is_over
    assert front.moved() == [True]


def test_a_pin_that_cannot_be_heard_again_is_tried_anew_in_peace(front: Front) -> None:
    front.start()
    edges = storm(front.time.now() + MS, seconds=1, seed=17)
    front.pins.deaf = 2
    front.feed(edges)
    steps = front.time.steps

    front.time.pass_to(front.time.now() + 3_000 * MS)
    front.feed([(front.time.now(), True)], after_us=100 * MS)

    assert front.pins.deaf == 0
    assert front.time.steps - steps < 20
    assert front.moved() == [True]


def test_while_one_button_storms_another_is_heard(front: Front) -> None:
    front.start()
    edges = storm(front.time.now() + MS, seconds=1, seed=13)
    front.feed(edges[:1000])

    front.pins.drive(27, high=False)
    front.feed(edges[1000:], after_us=50 * MS)

    assert front.moved(Button.HANGUP) == [True]
    assert front.moved() == []


def test_a_button_held_for_ever_comes_up_once_with_a_fault_that_names_it(
    front: Front,
) -> None:
    front.start()
    begin = front.time.now() + MS

    front.feed([(begin, True)], after_us=60_000 * MS)
    assert front.moved() == [True, False]
    (fault,) = front.faults
    assert (fault.button, fault.trouble) == (Button.CALL, ButtonTrouble.STUCK)
    assert "call (GPIO 17)" in fault.words

    front.feed([(front.time.now(), False)], after_us=100 * MS)
    front.feed([(front.time.now(), True)], after_us=100 * MS)
    assert front.moved() == [True, False, True]
    assert front.faults[-1].is_over


def test_a_door_that_stands_open_is_told_at_the_start_and_when_it_shuts(
    tmp_path: Path,
) -> None:
    front = Front(tmp_path, door=DOOR)
    front.start()
    assert front.moved(Button.DOOR) == [True]

    front.feed([(front.time.now() + MS, True)], 13, after_us=100 * MS)

    assert front.moved(Button.DOOR) == [True, False]
    front.buttons.close()


def test_a_chip_that_goes_is_one_fault_and_its_return_another(front: Front) -> None:
    front.start()
    front.feed([(front.time.now() + MS, True)], after_us=100 * MS)

    front.pins.kernel.remove()
    front.time.pass_to(front.time.now() + 5 * LOOK_US)
    assert front.moved() == [True, False]
    (gone,) = front.faults
    assert (gone.button, gone.trouble, gone.is_over) == (
        None,
        ButtonTrouble.GONE,
        False,
    )
    assert "the GPIO chip is gone" in gone.words

    front.pins.kernel.add()
    front.time.pass_to(front.time.now() + 2 * LOOK_US)
    front.feed([(front.time.now() + MS, True)], after_us=100 * MS)
    assert [fault.is_over for fault in front.faults] == [False, True]
    assert front.moved() == [True, False, True]


def test_a_chip_that_fails_while_it_comes_back_is_looked_for_again(
    front: Front,
) -> None:
    front.start()
    front.pins.kernel.remove()
    front.time.pass_to(front.time.now() + 2 * LOOK_US)
    front.pins.kernel.add()
    front.pins.unreadable = 1

    front.time.pass_to(front.time.now() + 4 * LOOK_US)
    front.feed([(front.time.now() + MS, True)], after_us=100 * MS)

    assert front.pins.unreadable == 0
    assert [fault.is_over for fault in front.faults] == [False, True]
    assert front.moved() == [True]


def test_a_pin_that_cannot_be_read_at_the_start_is_a_device_error(front: Front) -> None:
    front.pins.unreadable = 1

    with pytest.raises(DeviceError, match=r"buttons at GPIO 17: .*[Ii]nput/output"):
        front.start()


def test_what_is_raised_at_an_edge_is_logged_told_and_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class BrokenTime(SteppedTime):
        is_broken = False

        @override
        def now(self) -> Micros:
            if self.is_broken:
                self.is_broken = False
                raise ZeroDivisionError("a clock without hands")
            return super().now()

    front = Front(tmp_path)
    time = front.time = BrokenTime()
    front.buttons = GpiozeroButtons(
        time, {Button.CALL: CALL}, front.pins.header, pace=time
    )
    front.start()

    time.is_broken = True
    with caplog.at_level(logging.ERROR):
        front.pins.drive(17, high=False)
    time.pass_to(time.now() + 2 * LOOK_US)
    front.feed([(time.now() + MS, True)], after_us=100 * MS)

    assert "a clock without hands" in caplog.text
    assert [fault.is_over for fault in front.faults] == [False, True]
    assert "a clock without hands" in front.faults[0].words
    assert len(front.pins.opened) == 2
    assert front.moved() == [True]
    front.buttons.close()


def test_pins_that_could_not_be_opened_can_be_when_the_node_is_usable(
    front: Front,
) -> None:
    front.pins.kernel.remove()
    with pytest.raises(DeviceError, match="there is no GPIO chip at all"):
        front.buttons.start(front.edges.append)
    front.buttons.close()

    front.pins.kernel.add()
    front.start()
    front.feed([(front.time.now() + MS, True)], after_us=100 * MS)

    assert front.moved() == [True]


def test_a_probe_names_the_pins_the_chip_or_what_is_wrong_with_its_cure(
    front: Front,
) -> None:
    well = front.buttons.probe()
    front.pins.kernel.remove()
    ill = front.buttons.probe()

    assert (well.found, well.wrong) == ("GPIO 17, 27 of pinctrl-bcm2711", "")
    assert "no GPIO chip at all" in ill.wrong
    assert "gpiodetect" in ill.cure
    assert front.pins.opened == []


def test_an_edge_that_never_came_is_made_up_for_by_the_level_of_its_pin(
    front: Front,
) -> None:
    front.start()
    front.feed([(front.time.now() + MS, True)], after_us=100 * MS)
    pin = front.pins.pin(17)

    pin._change_state(True)  # let go, and the kernel had no room to say so
    front.time.pass_to(front.time.now() + 2 * LOOK_US)

    assert front.moved() == [True, False]


def test_nothing_is_judged_while_an_edge_is_under_way(front: Front) -> None:
    front.start()
    begin = front.time.now() + MS
    front.feed([(begin, True)], after_us=10 * MS)
    pin = front.pins.pin(17)
    pin._change_state(True)  # a glitch ends, and its edge comes 15 ms late

    front.time.pass_to(begin + 25 * MS)
    front.buttons._moved(Button.CALL, (begin + 10 * MS) / 1_000_000, 1)
    front.time.pass_to(begin + 500 * MS)

    assert front.moved() == []


def test_a_pull_that_the_board_does_not_have_is_a_device_error_and_nothing_stays_open(
    tmp_path: Path,
) -> None:
    front = Front(tmp_path, call=ButtonPin(2, pull="down"))

    with pytest.raises(DeviceError, match=r"buttons at GPIO 2: .*pull"):
        front.start()

    assert front.pins.opened[-1].pins == {}
