"""Facts of the room session as the notices of :mod:`kiosk.ports`."""

from __future__ import annotations

from kiosk.ports import (
    Peer,
    PeerJoined,
    PeerLeft,
    PeerMoved,
    PeerStreamLost,
    RecordingChanged,
    RoomClosed,
    RoomNotice,
    StreamForgotten,
    TextReceived,
)
from kiosk.room import script
from kiosk.room.member_list import shown_name
from kiosk.room.messages import Member


def peer_of(member: Member) -> Peer:
    """Return a member as the ports know it."""
    return Peer(member.user_id, shown_name(member), member.play_url)


def notice_of(fact: script.Fact) -> RoomNotice:  # noqa: PLR0911 -- one case a fact
    """Return a fact as the ports know it."""
    match fact:
        case script.MemberJoined(member):
            return PeerJoined(peer_of(member))
        case script.MemberMoved(member):
            return PeerMoved(peer_of(member))
        case script.MemberLeft(user_id, expired):
            return PeerLeft(user_id, hung_up=not expired)
        case script.MemberStreamLost(user_id):
            return PeerStreamLost(user_id)
        case script.TextArrived(user_id, user_name, text, cmd):
            return TextReceived(user_id, user_name, text, cmd)
        case script.SeatLost(reason, room_ended):
            return RoomClosed(reason, room_ended=room_ended)
        case script.StreamForgotten():
            return StreamForgotten()
        case script.RecordingTold(is_on):
            return RecordingChanged(is_on)
