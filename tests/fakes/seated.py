"""Sessions that have a seat already, and quiet news, for what comes after."""

from __future__ import annotations

from kiosk.room.membership import HOLD_S, Joined, Membership
from kiosk.room.messages import Dialect, Member, Seated
from tests.fakes.room_answers import ANNA, ME, PUSH_URL, conversation, events, server
from tests.fakes.script_player import ScriptPlayer, Slow


QUIET = Slow(HOLD_S, events(seq=3))
"""A long poll in which nothing happens."""


def with_events(**answers: object) -> ScriptPlayer:
    return server(**({"wait_events": QUIET} | answers))


def seated(
    service: ScriptPlayer, *members: Member, dialect: Dialect | None = None
) -> Membership:
    talk = conversation(dialect)
    service.play(talk.log_in(talk.begin(service.now)))
    service.asked.clear()
    joined = Joined("r1", "desk", PUSH_URL, Seated(3, 3), members or (ANNA, ME))
    return Membership(talk, joined)


def live(service: ScriptPlayer, seat: Membership, seconds: float) -> None:
    scripts = [seat.heartbeats(service.now), seat.news(service.now)]
    service.play_together(scripts, seconds)
