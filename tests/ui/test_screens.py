"""What every screen says: a pure function, checked without a pixel."""

from __future__ import annotations

import pytest

from kiosk.ports import (
    Button,
    Layer,
    Micros,
    Quality,
    Received,
    ScreenFacts,
    ScreenName,
    Tile,
)
from kiosk.ui.fault import Fault
from kiosk.ui.screens import Figure, Mood
from kiosk.ui.signs import Icon
from tests.fakes.screen_content import BANK, ON_THE_STRIP, _content, _lit


IN_A_CALL = {
    ScreenName.CONNECTING,
    ScreenName.WAITING,
    ScreenName.QUEUED,
    ScreenName.IN_CALL,
    ScreenName.RECONNECTING,
    ScreenName.PEER_AWAY,
    ScreenName.BROADCASTING,
}


@pytest.mark.parametrize("name", ScreenName)
def test_every_screen_has_a_title_its_branding_and_three_buttons(
    name: ScreenName,
) -> None:
    content = _content(name)

    assert content.title
    assert content.lines
    assert content.branding == BANK
    assert content.wall_time == "14:32"
    assert [button.button for button in content.strip] == [
        Button.CALL,
        Button.MUTE,
        Button.HANGUP,
    ]
    assert all(button.label for button in content.strip)


@pytest.mark.parametrize("name", ScreenName)
def test_the_strip_lights_exactly_the_buttons_that_do_something(
    name: ScreenName,
) -> None:
    lit = _lit(_content(name))

    if name in IN_A_CALL:
        assert lit == {Button.MUTE, Button.HANGUP}
    elif name in {ScreenName.IDLE, ScreenName.ENDED, ScreenName.NO_ANSWER}:
        assert lit == {Button.CALL}
    elif name is ScreenName.CONSENT:
        assert lit == {Button.CALL, Button.HANGUP}
    elif name is ScreenName.TECHNICIAN:
        assert lit == ON_THE_STRIP
    else:
        assert lit == set()


@pytest.mark.parametrize("name", ScreenName)
def test_the_self_view_is_shown_only_where_the_camera_may_be_open(
    name: ScreenName,
) -> None:
    content = _content(name)

    assert content.self_view is (name in IN_A_CALL - {ScreenName.QUEUED})
    assert bool(content.self_view_label) is content.self_view


def test_the_queue_says_the_place_when_it_is_known_and_never_a_time() -> None:
    known = _content(ScreenName.QUEUED, ScreenFacts(position=2, reason="full"))
    unknown = _content(ScreenName.QUEUED, ScreenFacts(reason="full"))

    assert known.figure == Figure("2", "your place in the queue")
    assert unknown.figure is None
    assert not known.timer
    assert "minute" not in " ".join(known.lines)


@pytest.mark.parametrize(("position", "shown"), [(0, None), (-3, None), (5000, "999")])
def test_a_place_that_makes_no_sense_is_not_shown_as_it_is(
    position: int, shown: str | None
) -> None:
    figure = _content(ScreenName.QUEUED, ScreenFacts(position=position)).figure

    assert (figure.number if figure else None) == shown


def test_a_queue_before_an_absent_adviser_does_not_claim_they_are_busy() -> None:
    full = _content(ScreenName.QUEUED, ScreenFacts(reason="full"))
    absent = _content(ScreenName.QUEUED, ScreenFacts(reason="absent"))

    assert "busy" in full.title
    assert "busy" not in absent.title
    assert absent.strip[2].label == "Leave the queue"


def test_a_call_with_a_picture_leaves_the_base_layer_to_it() -> None:
    facts = ScreenFacts(peer_name="Li Wen", text="Hello", since=Micros(1_000_000))

    content = _content(ScreenName.IN_CALL, facts, now=135_900_000)

    assert content.over_picture
    assert (content.peer, content.timer, content.message) == (
        "Li Wen",
        "02:14",
        "Hello",
    )


def test_a_call_with_sound_only_is_a_page_that_says_so() -> None:
    content = _content(ScreenName.IN_CALL, ScreenFacts(with_picture=False))

    assert not content.over_picture
    assert "no picture" in content.lines[0]
    assert content.peer == "Adviser"


def test_no_other_screen_is_drawn_over_a_picture_or_counts_time() -> None:
    for name in set(ScreenName) - {ScreenName.IN_CALL}:
        content = _content(name, ScreenFacts(peer_name="Li Wen", text="Hello"))

        assert not content.over_picture
        assert (content.peer, content.timer, content.message) == ("", "", "")


@pytest.mark.parametrize(
    "name", [name for name in ScreenName if name is not ScreenName.TECHNICIAN]
)
def test_muted_is_said_by_badge_and_button_in_a_call_and_nowhere_else(
    name: ScreenName,
) -> None:
    content = _content(name, ScreenFacts(muted=True))

    said = content.muted is not None and content.muted.text == "You are muted"
    assert said is (name in IN_A_CALL)
    assert content.strip[1].engaged is (name in IN_A_CALL)
    assert content.strip[1].label == ("Unmute" if name in IN_A_CALL else "Mute")


@pytest.mark.parametrize("name", ScreenName)
def test_a_volume_just_turned_is_said_but_on_the_technicians_page(
    name: ScreenName,
) -> None:
    turned = _content(name, ScreenFacts(volume=(7, 12))).volume
    before = _content(name, ScreenFacts()).volume

    said = turned is not None and turned.text == "Volume 7 of 12"
    assert said is (name is not ScreenName.TECHNICIAN)
    assert before is None


@pytest.mark.parametrize("quality", Quality)
def test_how_good_the_connection_is_is_said_in_words_in_a_call_and_nowhere_else(
    quality: Quality,
) -> None:
    facts = ScreenFacts(quality=quality)

    words = {name: _content(name, facts).quality_words for name in ScreenName}
    assert words.pop(ScreenName.IN_CALL) == f"{quality.value.title()} connection"
    assert set(words.values()) == {""}


def test_while_the_peer_is_seen_a_broken_stream_of_ours_is_a_notice_over_it() -> None:
    seen = ScreenFacts(tiles=(Tile("Li Wen", Layer.BASE, Received.PICTURE),))
    content = _content(ScreenName.RECONNECTING, seen)

    (notice,) = content.notices
    assert content.over_picture
    assert notice.text == "You are not seen or heard"


@pytest.mark.parametrize("received", [Received.SOUND, Received.SILENCE])
def test_without_a_picture_a_broken_stream_of_ours_is_a_page(
    received: Received,
) -> None:
    unseen = ScreenFacts(tiles=(Tile("Li Wen", Layer.BASE, received),))
    content = _content(ScreenName.RECONNECTING, unseen)

    assert not content.over_picture
    assert content.notices == ()


@pytest.mark.parametrize("name", ScreenName)
def test_an_unencrypted_connection_is_said_on_every_screen(name: ScreenName) -> None:
    content = _content(name, ScreenFacts(insecure=True))

    assert [notice.icon for notice in content.notices] == [Icon.LOCK_OPEN]
    assert _content(name).notices == ()


@pytest.mark.parametrize(
    ("reason", "code", "words"),
    [
        ("R007 no answer in time", "R007", "no answer in time"),
        ("R007: no answer", "R007", "no answer"),
        ("D001", "D001", ""),
        ("camera at /dev/video0: busy", "", "camera at /dev/video0: busy"),
    ],
)
def test_out_of_service_shows_the_code_and_the_words_of_the_reason(
    reason: str, code: str, words: str
) -> None:
    content = _content(ScreenName.OUT_OF_SERVICE, ScreenFacts(reason=reason))

    qr = f"kiosk\nSample Bank, Chaoyang Branch\n{reason}"
    assert content.fault == Fault("For technicians", code, words, qr)
    assert content.mood is Mood.GRAVE


def test_out_of_service_without_a_reason_has_no_empty_panel() -> None:
    assert _content(ScreenName.OUT_OF_SERVICE).fault is None
    assert _content(ScreenName.QUEUED, ScreenFacts(reason="full")).fault is None


def test_an_end_for_a_reason_thanks_nobody_and_names_it() -> None:
    good = _content(ScreenName.ENDED)
    failed = _content(ScreenName.ENDED, ScreenFacts(reason="M004 stream ended"))

    assert (good.mood, good.icon, good.fault) == (Mood.GOOD, Icon.CHECK, None)
    assert (failed.mood, failed.icon) == (Mood.CALM, Icon.WARNING)
    assert failed.fault == Fault("For technicians", "M004", "stream ended")
    assert "Thank" not in failed.title


def test_the_idle_screen_says_what_to_press() -> None:
    assert _content(ScreenName.IDLE).hint == "Press the green button below"
    assert not _content(ScreenName.ENDED).hint


def test_an_unknown_language_falls_back_to_english() -> None:
    unknown = _content(ScreenName.IDLE, language="xx")

    assert unknown == _content(ScreenName.IDLE)
    assert _content(ScreenName.IDLE, language="zh_CN").title == "面对面视频客服"
