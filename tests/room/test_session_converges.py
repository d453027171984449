"""Whatever a network does to the news, in the end we know who is in the room."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import (
    EventKind,
    Events,
    Member,
    Request,
    RoomEvent,
    Seated,
    WaitEvents,
)
from kiosk.room.roster import digest
from kiosk.room.script import MemberJoined, MemberLeft, MemberMoved
from tests.fakes.room_answers import (
    ME,
    PUSH_URL,
    UNREACHABLE,
    conversation,
    member,
    room,
    server,
)
from tests.fakes.script_player import ScriptPlayer, Slow


START = 1000.0
STEPS = st.lists(
    st.tuples(
        st.floats(0.0, 10.0),
        st.sampled_from(["join", "move", "left", "expired"]),
        st.sampled_from(["anna", "bert", "carl"]),
    ),
    max_size=12,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of the room and its members from then on."""

    at: float
    event: RoomEvent
    members: tuple[Member, ...]


class Story:
    """A room whose whole future is known; answers as our server would."""

    def __init__(
        self, steps: list[tuple[float, str, str]], *, with_digest: bool
    ) -> None:
        self.moments: list[Moment] = []
        self._with_digest = with_digest
        here: dict[str, Member] = {}
        at = START
        for pause, what, who in steps:
            at += pause
            if what in {"join", "move"}:
                here[who] = member(who, f"stream{len(self.moments)}")
                kind = EventKind.PUSHERS_CHANGED
            elif here.pop(who, None) is not None:
                kind = EventKind(what)
            else:
                continue
            event = RoomEvent(len(self.moments) + 1, kind, who)
            self.moments.append(Moment(at, event, (ME, *here.values())))

    def members(self, now: float) -> tuple[Member, ...]:
        past = [moment for moment in self.moments if moment.at <= now]
        return past[-1].members if past else (ME,)

    def events(self, after: int, hold_s: float, now: float) -> Slow:
        unseen = [one for one in self.moments if one.event.seq > after]
        until = now
        if not any(one.at <= now for one in unseen):
            until = min([now + hold_s, *(one.at for one in unseen)])
        told = tuple(one.event for one in unseen if one.at <= until)
        name = digest(self.members(until)) if self._with_digest else ""
        seq = told[-1].seq if told else after
        return Slow(until - now, Events(told, seq, name))


def play(
    story: Story, failing: set[int], replaying: set[int], *, has_events: bool
) -> ScriptPlayer:
    service = server()
    asked = 0

    def fails() -> bool:
        nonlocal asked
        asked += 1
        return asked in failing

    def look(_request: Request[object]) -> object:
        return UNREACHABLE if fails() else room("r1", *story.members(service.now))

    def wait(request: Request[object]) -> object:
        assert isinstance(request, WaitEvents)
        if fails():
            return UNREACHABLE
        after = max(0, request.after_seq - (asked in replaying))
        return story.events(after, request.hold_s, service.now)

    service.answer("get_pushers", look)
    service.answer("pusher_heartbeat", Seated())
    if has_events:
        service.answer("wait_events", wait)
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    seat = Membership(talk, Joined("r1", "", PUSH_URL, Seated(), (ME,)))
    scripts = [seat.heartbeats(service.now), seat.news(service.now)]
    service.play_together(scripts, 300.0)
    return service


def known_in_the_end(service: ScriptPlayer) -> dict[str, str]:
    known: dict[str, str] = {}
    for fact in service.facts:
        match fact:
            case MemberJoined(one):
                assert one.user_id not in known, "joined twice"
                known[one.user_id] = one.play_url
            case MemberMoved(one):
                assert one.user_id in known, "moved without being there"
                known[one.user_id] = one.play_url
            case MemberLeft(user_id):
                del known[user_id]
            case _:
                raise AssertionError(fact)
    return known


def truth(story: Story) -> dict[str, str]:
    members = story.members(START + 1e6)
    return {one.user_id: one.play_url for one in members if one is not ME}


@given(
    STEPS,
    st.sets(st.integers(1, 16)),  # back-off stays inside the 300 s
    st.sets(st.integers(1, 16)),
    st.booleans(),
    st.booleans(),
)
def test_members_converge_whatever_fails_repeats_or_is_missing(
    steps: list[tuple[float, str, str]],
    failing: set[int],
    replaying: set[int],
    has_events: bool,
    with_digest: bool,
) -> None:
    story = Story(steps, with_digest=with_digest)

    service = play(story, failing, replaying, has_events=has_events)

    assert known_in_the_end(service) == truth(story)
