"""The contract suites on real drivers of virtual hardware, in the guest."""

from __future__ import annotations

import os

import pytest

from appliance.machine import Machine
from tests.appliance.guest_suites import Suite, run_suite
from tests.appliance.host_suites import PORTS, HostSuites
from tests.appliance.table import Table


_DISPLAY = ("tests/ports/test_display.py", "tests/display/test_real_cards.py")
_EVERY = "tests/ports/test_every_device.py"

SUITES = (
    Suite("display (virtio-gpu)", _DISPLAY, "real and virtio_gpu"),
    Suite("display (vkms)", _DISPLAY, "real and vkms", ("vkms",)),
    Suite(
        "buttons (gpio-sim)",
        ("tests/ports/test_buttons.py", "tests/devices/test_gpio_sim.py"),
        "gpio_sim and not two_hundred",
        timeout=600.0,
    ),
    Suite("buttons (uinput)", ("tests/ports/test_buttons.py",), "uinput"),
    Suite("lamps (gpio-sim)", ("tests/ports/test_indicators.py",), "gpio_sim"),
    Suite(
        "camera (libcamera virtual)",
        ("tests/ports/test_camera.py", _EVERY),
        "picamera2 and virtual",
        timeout=600.0,
    ),
    Suite(
        "camera (vivid)",
        ("tests/ports/test_camera.py", _EVERY, "tests/devices/test_camera_vivid.py"),
        "vivid",
        ("vivid",),
        timeout=600.0,
    ),
    Suite(
        "sound (snd-aloop)",
        (
            "tests/ports/test_microphone.py",
            "tests/ports/test_speaker.py",
            "tests/ports/test_every_device.py",
            "tests/alsa/test_loopback.py",
            "tests/alsa/test_library.py",
        ),
        "real or test_library or (loopback and not fake)",
        timeout=600.0,
    ),
)
WORN = Suite(
    "a worn button, 200 times (gpio-sim)",
    ("tests/devices/test_gpio_sim.py",),
    "two_hundred",
)
"""Seventy seconds, and only for a host that is quiet enough to play bounces by."""
RUN = (*SUITES, WORN) if os.environ.get("APPLIANCE") == "full" else SUITES


@pytest.mark.parametrize("suite", RUN, ids=lambda suite: suite.interface)
def test_an_adapter_keeps_its_ports_promises_on_a_real_driver(
    suite: Suite, machine: Machine, table: Table
) -> None:
    machine.check(["systemctl", "stop", "kiosk.service"])

    counts, said = run_suite(machine, suite)

    table.add(suite.interface, "real driver", counts)
    assert not counts.failed, said
    assert not counts.skipped, said


@pytest.mark.parametrize("port", PORTS)
def test_the_synthetic_adapters_keep_their_ports_promises_on_the_host(
    port: str, table: Table, host_suites: HostSuites
) -> None:
    counts, said = host_suites.of(port)

    table.add(port, "synthetic", counts)
    assert not counts.failed, said
