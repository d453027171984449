"""
Listening to the IM group of our room, beside the heartbeats and the news.

A notice is only a hint: what the room is like is read by ``get_pushers``, at once.
A lost channel costs delay and nothing else: as long as it is down the news poll
every 2 s, and it is looked at the room whenever the channel is back.  Servers that
tell numbered events themselves need no notices; texts of the group are heard all
the same, for members that have the channel alone.
"""

from __future__ import annotations

from typing import Final

from kiosk.errors import RoomError, RoomNotFound, RoomUnreachable
from kiosk.room.conversation import Conversation
from kiosk.room.im import ImCode
from kiosk.room.im_channel import ImChannel
from kiosk.room.im_requests import Heard, ImRefused, Notice, TextHeard
from kiosk.room.logins_again import RELOGIN_S
from kiosk.room.membership import Membership
from kiosk.room.script import Script


_QUICK_S: Final = 0.5
_PAUSE_S: Final = 2.0


def hear_group(
    talk: Conversation, channel: ImChannel, seat: Membership, now: float
) -> Script[None]:
    """Listen until the seat is lost; never raises :exc:`RoomError`."""
    talk.begin(now)
    failures = 0
    while not seat.is_over:
        try:
            yield from channel.enter(seat.room_id)
            yield from _look(seat)  # what was missed while it was down
            while not seat.is_over:
                yield from _listen(talk, channel, seat)
                failures = 0
        except RoomError as error:
            failures += 1
            yield from talk.pause(_how_long(talk, failures, error))


def _how_long(talk: Conversation, failures: int, error: RoomError) -> float:
    if isinstance(error, ImRefused) and error.im_code == ImCode.KICKED:
        return RELOGIN_S  # two devices of one identity would never stop
    return talk.pauses.after(failures, error)


def _listen(talk: Conversation, channel: ImChannel, seat: Membership) -> Script[None]:
    asked_at = talk.now
    heard = yield from channel.listen()
    for text in (one for one in heard if isinstance(one, TextHeard)):
        yield from _take_text(talk, seat, text)
    yield from _take_notices(channel, seat, heard)
    if not heard and talk.now - asked_at < _QUICK_S:
        yield from talk.pause(_PAUSE_S)  # a gateway that does not hold


def _take_text(talk: Conversation, seat: Membership, heard: TextHeard) -> Script[None]:
    # Senders get their own back, and in a cloud's group others than members speak.
    said = heard.said
    if said.custom or not said.text.strip() or heard.user_id == talk.user_id:
        return
    if not seat.lookout.others.has(heard.user_id):
        yield from _look(seat)
    if seat.lookout.others.has(heard.user_id):
        yield from seat.lookout.tell_text(heard.user_id, said.text, said.cmd)


def _take_notices(
    channel: ImChannel, seat: Membership, heard: tuple[Heard, ...]
) -> Script[None]:
    if Notice.ENDED in heard:
        channel.is_up = False
        if seat.has_events or (yield from _look(seat)):
            raise RoomUnreachable("IM: the group was ended, its room was not")
        yield from seat.lose("the room was closed", room_ended=True)
    elif Notice.CHANGED in heard and not seat.has_events:
        yield from _look(seat)


def _look(seat: Membership) -> Script[bool]:
    """Look at the room; say whether it is there, as far as we know."""
    try:
        yield from seat.lookout.look()
    except RoomNotFound:
        return False
    except RoomError:
        pass  # the news look in their turn
    return True
