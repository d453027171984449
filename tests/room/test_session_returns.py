"""A server that stops or fails, and is found back by whoever publishes again first."""

from __future__ import annotations

import itertools

import pytest

from kiosk.errors import RoomError
from kiosk.room.membership import HOLD_S, Joined, Membership
from kiosk.room.messages import Events, Seated
from kiosk.room.script import Script
from tests.fakes.room_answers import (
    ANNA,
    ME,
    PUSH_URL,
    UNREACHABLE,
    conversation,
    events,
    server,
)
from tests.fakes.script_player import ScriptPlayer, Slow


NEW_URL = "rtmp://relay/live/new?k=1"
QUIET = Slow(HOLD_S, events(seq=3))
STOPS = Events((), 3, retry_ms=5000)


def in_seat(service: ScriptPlayer) -> Membership:
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    service.asked.clear()
    return Membership(talk, Joined("r1", "desk", PUSH_URL, Seated(3, 3), (ANNA, ME)))


def published_again(
    service: ScriptPlayer, seat: Membership, after_s: float
) -> Script[None]:
    """Announce a new stream of ours, so many seconds from now."""
    yield from seat._talk.pause(after_s)
    yield from seat.move_stream(NEW_URL, service.now)


def play(service: ScriptPlayer, after_s: float) -> None:
    """Listen for news, and publish again meanwhile."""
    seat = in_seat(service)
    scripts = [seat.news(service.now), published_again(service, seat, after_s)]
    service.play_together(scripts, 10.0)


def test_news_are_asked_for_as_soon_as_our_stream_is_announced_again() -> None:
    service = server(wait_events=[STOPS, QUIET])

    play(service, 1.0)

    assert service.times("wait_events") == [0.0, pytest.approx(1.0, abs=0.11)]


def test_so_they_are_after_an_outage_that_nobody_announced() -> None:
    service = server(wait_events=UNREACHABLE, get_pushers=UNREACHABLE)

    play(service, 4.0)

    waits = service.times("get_pushers")
    assert [at for at in waits if at < 4.0] == [0.5, 1.5, 3.5]
    assert [at for at in waits if at >= 4.0][:2] == [
        4.0,  # by the announcement itself
        pytest.approx(4.0, abs=0.11),
    ]


def test_a_push_url_is_asked_for_often_while_nobody_sees_us() -> None:
    service = server(get_push_url=UNREACHABLE)
    seat = in_seat(service)

    with pytest.raises(RoomError):
        service.play(seat.new_push_url(service.now))

    tries = service.times("get_push_url")
    assert len(tries) > 12
    assert max(b - a for a, b in itertools.pairwise(tries)) <= 0.5
