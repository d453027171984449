"""Buttons on keys: grabbed, judged like contacts, unplugged and plugged in again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.contacts import Rules
from kiosk.devices.buttons_evdev import ButtonKey, EvdevButtons
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Button, ButtonEdge, ButtonFault, ButtonTrouble
from kiosk.wiring.inputs import InputNodes
from tests.fakes.input_kernel import (
    EV_KEY,
    EV_SYN,
    SYN_DROPPED,
    SYN_REPORT,
    FakeInputKernel,
    FakeKeypad,
)
from tests.fakes.waiting import wait_until


ENTER, ESC, SPACE = 28, 1, 57
KEYS = {
    Button.CALL: ButtonKey(ENTER, "KEY_ENTER", Rules(stuck_us=200_000)),
    Button.HANGUP: ButtonKey(ESC, "KEY_ESC"),
}
CLOCK = MonotonicClock()


class Front:
    """Buttons on the keys of a kernel that the test plugs keypads into."""

    def __init__(self, folder: Path, name: str = "Big Pad") -> None:
        self.kernel = FakeInputKernel(folder)
        self.edges: list[ButtonEdge] = []
        self.faults: list[ButtonFault] = []
        nodes = InputNodes(folder, self.kernel.ioctl)
        self.buttons = EvdevButtons(CLOCK, KEYS, name, nodes=nodes)

    def start(self) -> None:
        self.buttons.start(self.edges.append, self.faults.append)

    def moved(self, button: Button = Button.CALL) -> list[bool]:
        return [edge.is_down for edge in self.edges if edge.button is button]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    front = Front(tmp_path)
    yield front
    front.buttons.close()
    front.kernel.close()


def push(keypad: FakeKeypad, code: int = ENTER, held_s: float = 0.04) -> None:
    keypad.press(code, down=True)
    time.sleep(held_s)
    keypad.press(code, down=False)
    time.sleep(0.03)


def test_a_press_is_stamped_by_the_kernel_and_comes_within_80_ms(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()

    before = CLOCK.now()
    keypad.press(ENTER, down=True)
    after = CLOCK.now()
    time.sleep(0.1)  # the key is pressed for so long: the stamp is not the reading's

    assert wait_until(lambda: front.moved() == [True])
    assert before <= front.edges[0].at <= after


def test_what_is_listened_to_is_grabbed_and_given_back(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.buttons.probe()
    assert keypad.grabbed_by is None

    front.start()
    other = EvdevButtons(
        CLOCK, KEYS, nodes=InputNodes(front.kernel.folder, front.kernel.ioctl)
    )
    with pytest.raises(DeviceError, match="grabbed by another program"):
        other.start(lambda _: None)
    front.buttons.close()
    other.start(lambda _: None)
    other.close()


def test_repeats_and_glitches_are_no_presses(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()
    push(keypad, held_s=0.002)

    keypad.press(ENTER, down=True)
    for _ in range(5):
        keypad.send(EV_KEY, ENTER, 2)
        time.sleep(0.01)
    keypad.press(ENTER, down=False)
    push(keypad, SPACE)

    assert wait_until(lambda: front.moved() == [True, False])
    assert front.moved(Button.HANGUP) == []


def test_all_parts_of_a_keypad_are_heard_and_other_devices_are_left_alone(
    front: Front,
) -> None:
    first = front.kernel.plug("Big Pad", ENTER, node="event3")
    second = front.kernel.plug("Big Pad", ESC, node="event12")
    mouse = front.kernel.plug("Big Pad", 0x110, node="event5")
    console = front.kernel.plug("Keyboard", ENTER, ESC, node="event0")
    front.start()

    push(first, ENTER)
    push(second, ESC)

    assert wait_until(lambda: front.moved(Button.HANGUP) == [True, False])
    assert front.moved() == [True, False]
    assert mouse.grabbed_by is console.grabbed_by is None


def test_a_keypad_that_is_unplugged_lets_go_is_told_once_and_is_used_when_back(
    front: Front,
) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()
    keypad.press(ESC, down=True)
    assert wait_until(lambda: front.moved(Button.HANGUP) == [True])

    front.kernel.unplug()
    assert wait_until(lambda: front.moved(Button.HANGUP) == [True, False])
    time.sleep(0.1)
    (gone,) = front.faults
    assert (gone.button, gone.trouble) == (None, ButtonTrouble.GONE)
    assert "Big Pad is unplugged" in gone.words

    again = front.kernel.plug("Big Pad", ENTER, ESC, node="event7")
    assert wait_until(lambda: len(front.faults) == 2)
    assert front.faults[1].is_over
    push(again)
    assert wait_until(lambda: front.moved() == [True, False])


def test_buttons_are_closed_while_their_keypad_is_looked_for(front: Front) -> None:
    front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()
    front.kernel.unplug()
    assert wait_until(lambda: len(front.faults) == 1)

    front.buttons.close()

    assert "buttons" not in {thread.name for thread in threading.enumerate()}


def test_a_key_held_for_ever_is_one_fault(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()
    keypad.press(ENTER, down=True)

    assert wait_until(lambda: len(front.faults) == 1)
    assert front.faults[0].trouble is ButtonTrouble.STUCK
    assert "call (KEY_ENTER)" in front.faults[0].words
    keypad.press(ENTER, down=False)
    assert wait_until(lambda: [f.is_over for f in front.faults] == [False, True])


def test_what_the_kernel_had_no_room_for_is_looked_up(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()
    keypad.press(ENTER, down=True)
    assert wait_until(lambda: front.moved() == [True])

    keypad.held.clear()
    keypad.send(EV_SYN, SYN_DROPPED, 0)
    keypad.send(EV_KEY, ESC, 1)
    keypad.send(EV_SYN, SYN_REPORT, 0)

    assert wait_until(lambda: front.moved() == [True, False])
    assert front.moved(Button.HANGUP) == []


def test_a_storm_of_a_key_is_one_fault(front: Front) -> None:
    keypad = front.kernel.plug("Big Pad", ENTER, ESC)
    front.start()

    until = time.monotonic() + 20.0
    while not front.faults and time.monotonic() < until:
        keypad.press(ESC, down=True)
        time.sleep(0.001)
        keypad.press(ESC, down=False)
        time.sleep(0.001)

    assert wait_until(lambda: len(front.faults) == 2)
    assert [fault.trouble for fault in front.faults] == [ButtonTrouble.STORM] * 2
    assert (
        front.moved(Button.HANGUP)[1::2].count(True) == 0
    )  # whatever it told came up again


def test_a_probe_names_the_keypad_or_what_is_wrong_and_the_cure(front: Front) -> None:
    ill = front.buttons.probe()
    front.kernel.plug("Big Pad", ENTER, ESC)
    well = front.buttons.probe()

    assert well.found == "keys KEY_ENTER, KEY_ESC of Big Pad"
    assert not well.wrong
    assert "Big Pad: is not there" in ill.wrong
    assert ill.cure
