"""The epoch of our seat: told with what is only meant for that seat."""

from __future__ import annotations

import pytest

from kiosk.errors import RoomUnreachable
from kiosk.room.membership import Joined, Membership
from kiosk.room.messages import AddPusher, DeletePusher, PusherHeartbeat, Seated
from kiosk.room.session import Place, RoomSession, Wanted
from tests.fakes.room_answers import (
    ANNA,
    ME,
    PUSH_URL,
    UNREACHABLE,
    conversation,
    server,
)
from tests.fakes.script_player import ScriptPlayer


def in_seat(service: ScriptPlayer) -> Membership:
    talk = conversation()
    service.play(talk.log_in(talk.begin(service.now)))
    return Membership(talk, Joined("r1", "desk", PUSH_URL, Seated(3, 3), (ANNA, ME)))


def next_beat(service: ScriptPlayer, seat: Membership) -> object:
    service.play_together([seat.heartbeats(service.now)], 4.0)
    return service.asked[-1].request


def test_a_stream_that_moved_beats_under_its_new_epoch() -> None:
    service = server(add_pusher=Seated(5, 5))
    seat = in_seat(service)

    service.play(seat.move_stream("rtmp://h/live/s_new", service.now))

    assert seat.epoch == 5
    assert next_beat(service, seat) == PusherHeartbeat("r1", "kiosk7", epoch=5)


def test_a_move_without_an_answer_leaves_the_epoch_open() -> None:
    """It may have had its effect: the old epoch would be refused."""
    service = server(add_pusher=UNREACHABLE)
    seat = in_seat(service)

    with pytest.raises(RoomUnreachable):
        service.play(seat.move_stream("rtmp://h/live/s_new", service.now))

    assert next_beat(service, seat) == PusherHeartbeat("r1", "kiosk7")


def test_leaving_before_the_seat_is_known_gives_up_whichever_there_is() -> None:
    service, way = (
        server(add_pusher=UNREACHABLE),
        RoomSession(conversation(), Wanted(("desk",))),
    )
    place = service.play(way.find_place(service.now))
    assert isinstance(place, Place)
    with pytest.raises(RoomUnreachable):
        service.play(way.join(place, service.now))

    service.play(way.leave(service.now))

    assert service.asked[-1].request == DeletePusher("r1", "kiosk7")


def test_a_predecessors_seat_is_given_up_whichever_epoch_it_has() -> None:
    service, way = server(), RoomSession(conversation(), Wanted(("desk",)))
    service.play(way.log_in(service.now))

    service.play(way.leave_seat("r9", service.now))

    assert service.asked[-1].request == DeletePusher("r9", "kiosk7")


def test_a_stream_that_moves_after_a_renaming_is_announced_under_the_new_name() -> None:
    service = server(add_pusher=Seated(5, 5))
    way = RoomSession(conversation(), Wanted(("desk",)))
    service.play(way.log_in(service.now))
    place = Place("r1", "desk", create=False, push_url=PUSH_URL)
    seat = service.play(way.join(place, service.now))

    way.rename("Berta")
    service.play(seat.move_stream("rtmp://h/live/s_new", service.now))

    names = [
        asked.request.user_name
        for asked in service.asked
        if isinstance(asked.request, AddPusher)
    ]
    assert names == ["Branch 7", "Berta"]
