"""One clear sentence for everything that keeps a sound card from being used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.alsa.testing import FakeSound
from kiosk.alsa.testing.card import CardKind
from kiosk.devices.microphone_alsa import AlsaMicrophone
from kiosk.devices.speaker_alsa import AlsaSpeaker
from kiosk.errors import DeviceError
from tests.fakes.devices import CLOCK


Make = Callable[[FakeSound, str], AlsaMicrophone | AlsaSpeaker]


def microphone(sound: FakeSound, wanted: str = "") -> AlsaMicrophone:
    return AlsaMicrophone(CLOCK, wanted, machine=sound.machine)


def speaker(sound: FakeSound, wanted: str = "") -> AlsaSpeaker:
    return AlsaSpeaker(CLOCK, wanted, machine=sound.machine)


@pytest.fixture(params=[microphone, speaker])
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


def refusal(device: AlsaMicrophone | AlsaSpeaker) -> str:
    with pytest.raises(DeviceError) as caught:
        device.open()

    assert not device.is_open
    return str(caught.value)


def test_without_the_library_the_package_is_named(tmp_path: Path, make: Make) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")
    sound.is_installed = False
    device = make(sound, "")

    assert refusal(device).endswith(
        "at alsa: no ALSA for Python: No module named 'alsaaudio'; "
        "apt-get install python3-alsaaudio"
    )
    assert device.probe().cure == "apt-get install python3-alsaaudio"


def test_without_permission_the_group_is_named(tmp_path: Path, make: Make) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device").forbidden = True
    device = make(sound, "Device")

    assert "at alsa:Device: no permission to open /" in refusal(device)
    assert refusal(device).endswith("; add the daemon's user to the group audio")
    assert device.probe().cure == "add the daemon's user to the group audio"


def test_a_permission_that_only_alsa_misses_names_the_group_too(
    tmp_path: Path, make: Make
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    card = sound.add("Device")
    device = make(sound, "Device")
    machine = sound.machine
    may_all = type(machine)(
        machine.load, machine.sysfs, machine.proc, machine.nodes, lambda _: True
    )
    card.forbidden = True
    device = type(device)(CLOCK, "Device", machine=may_all)

    assert refusal(device).endswith(
        "no permission to open it; add the daemon's user to the group audio"
    )


def test_a_busy_card_names_who_has_it(tmp_path: Path, make: Make) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.hold(sound.add("Device"), 4711, "mpv")
    device = make(sound, "Device")

    assert refusal(device).endswith(
        "at hw:CARD=Device,DEV=0: busy: mpv (process 4711) has it open; stop mpv"
    )
    assert device.probe().wrong == "busy: mpv (process 4711) has it open"


def test_a_busy_card_without_a_name_is_busy_all_the_same(
    tmp_path: Path, make: Make
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")
    first, second = make(sound, "Device"), make(sound, "Device")
    first.open()

    assert refusal(second).endswith(
        "busy: another program has it open; stop that program"
    )
    first.close()


def test_a_card_that_is_not_there_is_told_with_those_that_are(
    tmp_path: Path, make: Make
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")
    device = make(sound, "Headset")

    assert refusal(device).endswith(
        "at alsa:Headset: no sound card called Headset; there are: "
        "Device (Device Audio, USB port 1-1.3); name one of these"
    )
    assert "there are: Device" in device.probe().wrong


def test_a_card_that_vanishes_before_it_is_opened_is_absent(
    tmp_path: Path, make: Make
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    card = sound.add("Device")
    device = make(sound, "Device")
    sound.cards[0].is_there = False
    sound.cards[0].id = "Other"

    assert card.id == "Other"
    assert refusal(device).endswith(
        "absent: No such device [hw:CARD=Device,DEV=0]; plug it in"
    )


def test_a_name_that_alsa_does_not_know_is_told_as_it_is(
    tmp_path: Path, make: Make
) -> None:
    device = make(FakeSound(tmp_path, CLOCK), "pcm:null")

    assert refusal(device).endswith(
        "at null: absent: No such file or directory [null]; name a card that there is"
    )


def test_a_screen_that_is_off_is_named_where_hdmi_is_the_loudspeaker(
    tmp_path: Path,
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    card = sound.add("vc4hdmi0", CardKind(usb_port="", driver="vc4_hdmi"))
    device = speaker(sound)
    card.id = "none"

    assert refusal(device).endswith(
        "at plug:'hdmi:CARD=vc4hdmi0,DEV=0': no screen takes its sound; "
        "switch the screen on, or name another loudspeaker"
    )


def test_a_card_of_no_rate_that_serves_is_refused_with_what_it_offers(
    tmp_path: Path, make: Make
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Odd", CardKind(rates=(4_000,)))
    device = make(sound, "plughw:CARD=Odd")
    device.open()
    device.close()

    stubborn = make(sound, "Odd")
    sound.cards[0].converts = False

    assert refusal(stubborn).endswith(
        "it refuses mono of 16 bit at 8000 Hz (it offers 4000 Hz, 1 channels, "
        "S16_LE); use a card that takes that"
    )


def test_what_is_fine_says_which_card_it_is(tmp_path: Path, make: Make) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device")

    assert (
        make(sound, "").probe().found
        == "Device (Device Audio, USB port 1-1.3): hw:CARD=Device,DEV=0"
    )
