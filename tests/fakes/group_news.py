"""A seat whose room has a group, and the kiosk in it."""

from __future__ import annotations

from kiosk.room.conversation import Conversation
from kiosk.room.im import ImCode
from kiosk.room.im_channel import ImChannel
from kiosk.room.im_requests import GroupNews, Heard, ImLogin, ImRefused
from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import Dialect, Done, Seated
from kiosk.room.session import RoomSession, Wanted
from tests.fakes.room_answers import ANNA, ME, PUSH_URL, conversation, server
from tests.fakes.script_player import ScriptPlayer, Slow


LOGIN = ImLogin("144115", "a2_1")


HELD_S = 30.0


QUIET = Slow(HELD_S, GroupNews(1, HELD_S, "k", ()))
"""A poll of the group in which nothing happens."""


def news(*heard: Heard, after_s: float = 0.05, seq: int = 1) -> Slow:
    return Slow(after_s, GroupNews(seq, HELD_S, f"k{seq}", heard))


def refused(code: ImCode) -> ImRefused:
    return ImRefused("get_msg", int(code), "no")


def with_group(**answers: object) -> ScriptPlayer:
    """Return a server without events and a gateway where everything works."""
    works: dict[str, object] = {
        "im_login": LOGIN,
        "im_apply_join_group": "k0",
        "im_get_msg": QUIET,
        "im_send_group_msg": Done(),
        "im_quit_group": Done(),
    }
    return server(**(works | answers))


class Kiosk:
    """A kiosk with a seat and an IM channel."""

    def __init__(self, service: ScriptPlayer, dialect: Dialect | None = None) -> None:
        self.service = service
        self.talk: Conversation = conversation(dialect)
        self.channel = ImChannel(self.talk)
        self.session = RoomSession(self.talk, Wanted(("desk",)), self.channel)
        service.play(self.session.log_in(service.now))
        service.asked.clear()
        joined = Joined("r1", "desk", PUSH_URL, Seated(), (ANNA, ME))
        self.seat = Membership(self.talk, joined, self.channel)

    def live(self, seconds: float) -> None:
        now = self.service.now
        scripts = [
            self.seat.heartbeats(now),
            self.seat.news(now),
            self.session.hear_group(self.seat, now),
        ]
        self.service.play_together(scripts, seconds)
