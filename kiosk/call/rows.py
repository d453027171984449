"""
What each row of the table orders, as one small function per row.

A builder sees the event and the call's ordinal, nothing else: no clock, no
configuration, no memory. It does not know the state it is called in.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.call import commands as do
from kiosk.call import events as ev
from kiosk.call.events import Timer


Commands = tuple[do.Command, ...]

_AT_REST = (Timer.ENDED, Timer.CONSENT)
"""The deadlines that may run while there is no call."""


def nothing(_: object, __: int) -> Commands:
    return ()


def show_idle(_: object, __: int) -> Commands:
    return (do.Show(do.Screen.IDLE),)


def show_closed(_: object, __: int) -> Commands:
    return (*_clear(*_AT_REST), do.Show(do.Screen.CLOSED))


def show_fault(event: ev.ServiceLost, _: int) -> Commands:
    return (*_clear(*_AT_REST), do.Show(do.Screen.OUT_OF_SERVICE, event.reason))


def ask_consent(_: object, __: int) -> Commands:
    return (
        *_clear(*_AT_REST),
        do.Show(do.Screen.CONSENT),
        do.SetTimer(Timer.CONSENT),
    )


def reserve(_: object, call: int) -> Commands:
    return (
        *_clear(*_AT_REST),
        do.Show(do.Screen.CONNECTING),
        do.FindSeat(call),
        do.SetTimer(Timer.RESERVE),
    )


def resume(event: ev.Resumed, call: int) -> Commands:
    return (
        *_clear(*_AT_REST),
        do.Show(do.Screen.RECONNECTING),
        do.FindSeat(call, event.room_id),
        do.SetTimer(Timer.RESERVE),
    )


def queue(event: ev.SeatMissing, call: int) -> Commands:
    return (
        *_clear(Timer.RESERVE),
        do.Show(do.Screen.QUEUED, event.reason, event.position),
        do.WaitForSeat(call),
    )


def requeue(_: object, call: int) -> Commands:
    return (
        *_clear(Timer.PUBLISH, Timer.RESERVE),
        do.StopMedia(),
        do.Show(do.Screen.QUEUED, "full"),
        do.WaitForSeat(call),
    )


def show_queue(event: ev.SeatMissing, _: int) -> Commands:
    return (do.Show(do.Screen.QUEUED, event.reason, event.position),)


def chime(_: object, __: int) -> Commands:
    return (do.Chime(), do.SetTimer(Timer.CHIME))


def publish(_: object, call: int) -> Commands:
    return (
        *_clear(Timer.RESERVE),
        do.Publish(call),
        do.SetTimer(Timer.PUBLISH),
    )


def take_seat(_: object, call: int) -> Commands:
    return (*_clear(Timer.PUBLISH), do.TakeSeat(call), do.SetTimer(Timer.RESERVE))


def wait(_: object, __: int) -> Commands:
    return (
        *_clear(Timer.RESERVE),
        do.Show(do.Screen.WAITING),
        do.SetTimer(Timer.ANSWER),
    )


def broadcast(_: object, __: int) -> Commands:
    return (*_clear(Timer.RESERVE, Timer.RECONNECT), do.Show(do.Screen.BROADCASTING))


def answer(event: ev.PeerJoined | ev.PeerMoved, _: int) -> Commands:
    return (
        *_clear(Timer.ANSWER, Timer.GRACE),
        do.Show(do.Screen.CONNECTING),
        do.Play(event.user_id),
        do.SetTimer(Timer.PICTURE),
    )


def play(event: ev.PeerJoined | ev.PeerMoved, _: int) -> Commands:
    return (do.Play(event.user_id),)


def stop_playing(event: ev.PeerLeft, _: int) -> Commands:
    return (do.StopPlaying(event.user_id),)


def show_peer(_: object, __: int) -> Commands:
    return (
        *_clear(Timer.PICTURE, Timer.GRACE, Timer.RECONNECT),
        do.Show(do.Screen.IN_CALL),
    )


def hold(_: object, __: int) -> Commands:
    return (
        *_clear(Timer.PICTURE, Timer.RECONNECT),
        do.Show(do.Screen.PEER_AWAY),
        do.SetTimer(Timer.GRACE),
    )


def reconnect(_: ev.PushLost, call: int) -> Commands:
    return (
        *_clear(Timer.ANSWER, Timer.PICTURE, Timer.GRACE),
        do.Show(do.Screen.RECONNECTING),
        do.MoveStream(call),
        do.SetTimer(Timer.RECONNECT),
    )


def move_again(_: ev.PushLost, call: int) -> Commands:
    return (do.MoveStream(call),)


def moved_alone(event: object, call: int) -> Commands:
    return (*_clear(Timer.RECONNECT), *wait(event, call))


def moved_unseen(_: object, __: int) -> Commands:
    return (
        *_clear(Timer.RECONNECT),
        do.Show(do.Screen.CONNECTING),
        do.SetTimer(Timer.PICTURE),
    )


def wait_again(_: object, __: int) -> Commands:
    return (
        *_clear(Timer.PICTURE, Timer.GRACE),
        do.Show(do.Screen.WAITING),
        do.SetTimer(Timer.ANSWER),
    )


def end(_: object, __: int) -> Commands:
    return (*_stop(), do.Show(do.Screen.IDLE))


def dismiss(_: object, __: int) -> Commands:
    return (*_clear(*_AT_REST), do.Show(do.Screen.IDLE))


def explain(event: object, _: int) -> Commands:
    return _farewell(do.Screen.ENDED, reason_of(event))


def say_ended(_: object, __: int) -> Commands:
    return _farewell(do.Screen.ENDED, "")


def say_no_answer(_: object, __: int) -> Commands:
    return _farewell(do.Screen.NO_ANSWER, "")


def reason_of(event: object) -> str:
    """Say in words why a call ended: the event's own, or which deadline passed."""
    if isinstance(event, ev.TimerFired):
        return OVERDUE.get(event.timer, "")
    return str(getattr(event, "reason", ""))


OVERDUE: Mapping[Timer, str] = {
    Timer.RESERVE: "R007 the room service did not answer in time",
    Timer.PUBLISH: "M003 the media relay did not answer in time",
    Timer.PICTURE: "M003 no picture or sound came from the other side",
    Timer.RECONNECT: "M003 the connection could not be restored in time",
    Timer.GRACE: "M004 the other side did not come back",
}
"""What the customer and the log are told when a deadline ends the call."""


def _clear(*timers: Timer) -> Commands:
    return tuple(do.ClearTimer(timer) for timer in timers)


def _stop() -> Commands:
    return (*_clear(*Timer), do.StopMedia(), do.LeaveRoom())


def _farewell(screen: do.Screen, reason: str) -> Commands:
    return (*_stop(), do.Show(screen, reason), do.SetTimer(Timer.ENDED))
