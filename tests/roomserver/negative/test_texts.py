"""Texts between people: plain, short, seldom, and harmless on a screen (S18)."""

from __future__ import annotations

import pytest

from kiosk.ports import Micros, ScreenFacts, ScreenName
from kiosk.room.member_list import plain_text
from kiosk.roomserver.access import Traffic
from kiosk.roomserver.console_pages import status_page
from kiosk.roomserver.console_view import StreamRates, Viewer
from kiosk.roomserver.store_ledger import StoreLoad
from kiosk.ui.draw import Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout
from kiosk.ui.screens import Branding, screen_content
from kiosk.ui.texts import Texts
from tests.fakes.hostile_text import CONTROL_TEXTS, TEXTS
from tests.fakes.room_core import FakeCore, Json


SIZE = (320, 180)
LAYOUT = "\n\t"
"""Controls that only arrange a text; no screen shows them."""


def call_of_two() -> FakeCore:
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    return core


def say(core: FakeCore, text: str) -> object:
    wire: Json = {"roomID": "desk", "userID": "agent", "text": text}
    return core.ask("send_room_text_msg", wire, user="agent")["code"]


def shown(text: str) -> str:
    """Return what of a text a customer reads."""
    content = screen_content(
        ScreenName.IN_CALL,
        ScreenFacts(peer_name=plain_text(text), text=text),
        texts=Texts("en"),
        branding=Branding("Bank", "Branch"),
        now=Micros(0),
        wall_time="14:32",
    )
    Artist(Layout(SIZE), Fonts()).over(content)
    return content.message


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_a_text_arrives_as_it_was_said_and_as_nothing_but_text(text: str) -> None:
    core = call_of_two()

    assert say(core, text) == 0
    [event] = core.events("kiosk", 2)
    assert event["text"] == text
    assert event["kind"] == "text"


@pytest.mark.parametrize("text", CONTROL_TEXTS, ids=ascii)
def test_control_characters_are_refused_but_for_line_ends(text: str) -> None:
    core = call_of_two()
    harmless = all(char.isprintable() or char in LAYOUT for char in text)

    assert say(core, text) == (0 if harmless else 1)
    assert len(core.events("kiosk", 2)) == harmless


@pytest.mark.parametrize("length", [1025, 4096, 60_000])
def test_more_than_a_kilobyte_of_text_is_refused(length: int) -> None:
    core = call_of_two()

    assert say(core, "x" * 1024) == 0
    core.clock.move(1)
    assert say(core, "x" * length) == 1


def test_of_a_thousand_texts_a_second_five_are_passed_on() -> None:
    core = call_of_two()
    wire: Json = {"roomID": "desk", "userID": "agent", "text": "hello"}
    answers = [
        core.ask_anything("send_room_text_msg", wire, user="agent") for _ in range(1000)
    ]

    passed_on = [one for one in answers if isinstance(one, dict) and one["code"] == 0]
    assert len(passed_on) == 5
    assert len(core.events("kiosk", 2)) == 5


@pytest.mark.parametrize(
    "text", [*TEXTS, *CONTROL_TEXTS], ids=lambda text: ascii(text[:12])
)
def test_a_screen_shows_of_any_text_one_short_printable_line(text: str) -> None:
    line = shown(text)

    assert line.isprintable()
    assert "\n" not in line
    assert len(line) <= 200
    assert not set(line) & set("\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_an_operators_page_shows_any_label_as_text(text: str) -> None:
    core = FakeCore()
    core.log_in("agent")
    wire: Json = {
        "userID": "agent",
        "roomInfo": text,
        "roomID": "desk",
        "userName": text,
        "userAvatar": "1",
        "pushURL": core.push_url("agent"),
    }
    if core.ask("create_room", wire, user="agent")["code"] != 0:
        assert len(text.encode()) > 1024  # no label is that long
        return
    rates = StreamRates(dict, dict)
    rooms, fleet = core.core.rooms, core.core.fleet
    viewer = Viewer(rooms, fleet, rates, lambda: 0, traffic=Traffic(), store=StoreLoad)
    page = status_page(viewer.look()).decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "onerror=alert(1)>" not in page
