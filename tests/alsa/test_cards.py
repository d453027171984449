"""Which card is meant: by names that stay, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.alsa.cards import Direction, cards_of
from kiosk.alsa.choice import NoSuchCard, choose
from kiosk.alsa.testing import FakeSound
from kiosk.alsa.testing.card import CardKind
from tests.fakes.devices import CLOCK


USB = CardKind(usb_port="1-1.3")
OTHER_PORT = CardKind(usb_port="1-1.4")
BOARD = CardKind(usb_port="", driver="snd-rpi-wm8960")
HDMI = CardKind(usb_port="", driver="vc4_hdmi", records=False)
SOCKET = CardKind(usb_port="", driver="bcm2835_audio", records=False)
LOOPBACK = CardKind(usb_port="", driver="snd_aloop")
PLAYBACK, CAPTURE = Direction.PLAYBACK, Direction.CAPTURE


def on_a_pi(folder: Path) -> FakeSound:
    """Return the cards of a Raspberry Pi, in the worst order they may come in."""
    sound = FakeSound(folder, CLOCK)
    sound.add("Loopback", LOOPBACK)
    sound.add("vc4hdmi0", HDMI)
    sound.add("Headphones", SOCKET)
    sound.add("wm8960", BOARD)
    sound.add("Device", USB)
    return sound


def test_usb_comes_before_boards_the_socket_hdmi_and_software(tmp_path: Path) -> None:
    found = cards_of(on_a_pi(tmp_path).machine)

    assert [card.id for card in found] == [
        "Device",
        "wm8960",
        "Headphones",
        "vc4hdmi0",
        "Loopback",
    ]


def test_without_a_name_the_first_card_that_fits_is_taken(tmp_path: Path) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Headphones", SOCKET)
    sound.add("vc4hdmi0", HDMI)
    sound.add("Mic", CardKind(plays=False))

    assert choose("", PLAYBACK, sound.machine).direct == "hw:CARD=Headphones,DEV=0"
    assert choose("", CAPTURE, sound.machine).direct == "hw:CARD=Mic,DEV=0"


def test_a_card_is_found_by_name_under_whatever_number_it_has(tmp_path: Path) -> None:
    sound = on_a_pi(tmp_path)
    card = sound.cards[4]
    sound.unplug(card)
    sound.plug(card, number=9)

    found = choose("Device", PLAYBACK, sound.machine)

    assert found.card is not None
    assert (found.card.number, found.direct) == (9, "hw:CARD=Device,DEV=0")


def test_two_cards_of_one_model_are_told_apart_by_their_usb_ports(
    tmp_path: Path,
) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    sound.add("Device", OTHER_PORT)
    sound.add("Device_1", USB)

    assert choose("usb:1-1.3", PLAYBACK, sound.machine).direct.startswith(
        "hw:CARD=Device_1,"
    )
    assert choose("usb:1-1.4", PLAYBACK, sound.machine).direct.startswith(
        "hw:CARD=Device,"
    )


def test_hdmi_is_opened_by_what_makes_its_frames(tmp_path: Path) -> None:
    found = choose("vc4hdmi0", PLAYBACK, on_a_pi(tmp_path).machine)

    assert found.direct == ""
    assert found.converted == "plug:'hdmi:CARD=vc4hdmi0,DEV=0'"


@pytest.mark.parametrize(
    ("wanted", "direct", "converted"),
    [
        ("hw:CARD=Device,DEV=0", "hw:CARD=Device,DEV=0", "plughw:CARD=Device,DEV=0"),
        ("hw:Device,0", "hw:Device,0", "plughw:Device,0"),
        ("plughw:CARD=Device", "", "plughw:CARD=Device"),
        ("pcm:null", "null", "plug:'null'"),
        ("hdmi:CARD=b1,DEV=0", "hdmi:CARD=b1,DEV=0", "plug:'hdmi:CARD=b1,DEV=0'"),
    ],
)
def test_a_name_of_alsas_is_taken_as_it_is(
    tmp_path: Path, wanted: str, direct: str, converted: str
) -> None:
    found = choose(wanted, PLAYBACK, on_a_pi(tmp_path).machine)

    assert (found.direct, found.converted) == (direct, converted)


@pytest.mark.parametrize(
    ("wanted", "direction", "wrong"),
    [
        ("Gone", PLAYBACK, "no sound card called Gone; there are: Device (Device Au"),
        ("usb:9-9", PLAYBACK, "no sound card on USB port 9-9; there are: Device"),
        ("hw:CARD=Gone", PLAYBACK, "no sound card that has hw:CARD=Gone; there are"),
        ("hw:Device,7", CAPTURE, "no sound card that has hw:Device,7; there are"),
        ("Headphones", CAPTURE, "no sound card called Headphones; there are: Device"),
    ],
)
def test_who_names_no_card_hears_which_there_are(
    tmp_path: Path, wanted: str, direction: Direction, wrong: str
) -> None:
    with pytest.raises(NoSuchCard) as caught:
        choose(wanted, direction, on_a_pi(tmp_path).machine)

    assert str(caught.value).startswith(wrong)
    assert "USB port 1-1.3" in str(caught.value)
    assert caught.value.cure == "name one of these"


@pytest.mark.parametrize(
    ("wanted", "direction", "wrong", "cure"),
    [
        (
            "",
            PLAYBACK,
            "no sound card with a loudspeaker; there is no sound card at all",
            "plug a loudspeaker in",
        ),
        (
            "Gone",
            CAPTURE,
            "no sound card called Gone; there is no sound card at all",
            "plug a microphone in",
        ),
    ],
)
def test_a_machine_without_cards_says_so(
    tmp_path: Path, wanted: str, direction: Direction, wrong: str, cure: str
) -> None:
    with pytest.raises(NoSuchCard) as caught:
        choose(wanted, direction, FakeSound(tmp_path, CLOCK).machine)

    assert (str(caught.value), caught.value.cure) == (wrong, cure)


def test_a_kernel_without_sound_has_no_cards(tmp_path: Path) -> None:
    sound = FakeSound(tmp_path, CLOCK)
    (tmp_path / "sys").rmdir()

    assert cards_of(sound.machine) == ()


def test_a_card_that_is_pulled_while_it_is_looked_at_is_left_out(
    tmp_path: Path,
) -> None:
    sound = on_a_pi(tmp_path)
    (tmp_path / "sys" / "card4" / "id").unlink()
    (tmp_path / "proc" / "asound" / "cards").unlink()

    assert [str(card) for card in cards_of(sound.machine)][:2] == [
        "wm8960 (sound card)",
        "Headphones (sound card)",
    ]
