"""Input devices: found by names that stay, and what is in the way in words."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.wiring import Unusable
from kiosk.wiring.inputs import EVENT, GET_KEYS, InputNodes, Kind
from tests.fakes.input_kernel import FakeInputKernel
from tests.fakes.leaks import open_descriptors


ENTER, ESC = 28, 1
KEYS = {ENTER: "KEY_ENTER", ESC: "KEY_ESC"}


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[FakeInputKernel]:
    kernel = FakeInputKernel(tmp_path)
    yield kernel
    kernel.close()


def found(kernel: FakeInputKernel, name: str = "") -> list[str]:
    devices = InputNodes(kernel.folder, kernel.ioctl).find(name, KEYS)
    for device in devices:
        device.close()
        device.close()
    return [device.name for device in devices]


def refused(kernel: FakeInputKernel, name: str = "") -> Unusable:
    before = open_descriptors()
    with pytest.raises(Unusable) as caught:
        found(kernel, name)
    assert open_descriptors() == before
    return caught.value


def test_a_device_is_found_by_its_own_name_or_that_of_its_link(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Keyboard", ENTER, ESC, node="event0")
    kernel.plug("Pad", ENTER, ESC, node="event1", link="usb-Acme_Pad-event-kbd")

    assert found(kernel, "Pad") == ["Pad"]
    assert found(kernel, "usb-Acme_Pad-event-kbd") == ["Pad"]
    assert found(kernel, "/dev/input/by-id/usb-Acme_Pad-event-kbd") == ["Pad"]


def test_without_a_name_the_only_device_with_the_keys_is_taken(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Power Button", 116, node="event0")
    kernel.plug("Half", ENTER, node="event1")
    kernel.plug("Pad", ENTER, ESC, node="event2")
    assert found(kernel) == ["Pad"]

    kernel.plug("Keyboard", ENTER, ESC, node="event3")
    error = refused(kernel)
    assert "several have the keys: Keyboard, Pad" in error.cause
    assert "evdev:Keyboard" in error.cure


def test_a_device_that_is_not_there_is_told_with_those_that_are(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Power Button", 116)

    error = refused(kernel, "Pad")

    assert (error.where, "there is: Power Button" in error.cause) == ("Pad", True)


def test_a_key_that_a_device_does_not_have_is_named(kernel: FakeInputKernel) -> None:
    kernel.plug("Pad", ENTER)

    assert refused(kernel, "Pad").cause == "has no KEY_ESC"


def test_a_device_that_may_not_be_opened_is_told_with_its_group(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Pad", ENTER, ESC).is_denied = True

    error = refused(kernel, "Pad")

    assert "may not open it" in error.cause
    assert "usermod -aG input" in error.cure


def test_a_device_that_goes_while_it_is_grabbed_is_told(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Pad", ENTER, ESC)
    (device,) = InputNodes(kernel.folder, kernel.ioctl).find("Pad", KEYS)
    kernel.unplug()

    with pytest.raises(Unusable, match="cannot be grabbed"):
        device.grab()
    assert device.held() == set()
    device.close()


def test_events_are_read_as_the_kernel_packs_them(kernel: FakeInputKernel) -> None:
    kernel.plug("Pad", ENTER, ESC)
    (device,) = InputNodes(kernel.folder, kernel.ioctl).find("Pad", KEYS)
    chunk = struct.pack("@llHHi", 3, 5, 1, ENTER, 1) + b"half of one"

    assert list(device.events(chunk)) == [(Kind.KEY, ENTER, 1, 3_000_005)]
    assert EVENT.size == struct.calcsize("@llHHi")
    device.close()


def test_a_node_that_goes_while_names_are_compared_is_no_fault_of_another(
    kernel: FakeInputKernel,
) -> None:
    kernel.plug("Pad", ENTER, ESC, node="event0", link="usb-Acme_Pad-event-kbd")
    kernel.plug("Mouse", ENTER, ESC, node="event1")

    def ask(fd: int, request: int, answer: bytearray | int) -> int:
        said = kernel.ioctl(fd, request, answer)
        node = Path(f"/proc/self/fd/{fd}").readlink().name
        if (request, node) == (GET_KEYS, "event1"):
            kernel.unplug("event1")
        return said

    (device,) = InputNodes(kernel.folder, ask).find("usb-Acme_Pad-event-kbd", KEYS)
    device.close()

    assert device.name == "Pad"
