"""
``python -m tests.faults.no_memory WHAT``: no memory at each of its first allocations.

WHAT is ``enter``, ``leave`` or ``parse``.  Each of the first 500 allocations is refused
alone, and then it and all that follow; Python's own ``_testcapi`` refuses them.  Prints
one JSON object: how often it was refused, and what was not as it must be then: as if
nothing had been tried, or done.  A process of its own, for it may not survive.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from kiosk.call import events as ev
from kiosk.call.machine import CallMachine
from kiosk.room import answers
from kiosk.room.fields import Fields
from kiosk.room.wire_json import parse_json


ALLOCATIONS: Final = 500
_testcapi: Any = import_module("_testcapi")
_SEATED: Final = json.dumps(
    {
        "code": 0,
        "message": "",
        "roomID": "room_1",
        "roomInfo": "a branch",
        "roomCreator": "agent",
        "pushers": [
            {
                "userID": f"user_{number}",
                "userName": "Agent",
                "userAvatar": "",
                "accelerateURL": f"rtmp://127.0.0.1/live/{number}?txTime=1&txSecret=2",
            }
            for number in range(4)
        ],
    }
).encode()

Seen = tuple[object, ...]


def idle() -> CallMachine:
    call = CallMachine()
    call.handle(ev.ServiceFound())
    return call


def in_call() -> CallMachine:
    call = idle()
    entering = (ev.SeatFound(1), ev.Published(1), ev.SeatTaken(1))
    for event in (ev.CallPressed(), *entering, ev.PeerJoined(1, "agent")):
        call.handle(event)
    call.handle(ev.PeerStarted(1))
    return call


class Enter:
    """From the pressed button to both seen: the first event that fails ends it."""

    events: tuple[ev.Event, ...] = (
        ev.CallPressed(),
        ev.SeatFound(1),
        ev.Published(1),
        ev.SeatTaken(1),
        ev.PeerJoined(1, "agent"),
        ev.PeerStarted(1),
    )

    def __init__(self) -> None:
        self.call = idle()
        self.done: list[object] = [None] * len(self.events)

    def run(self) -> None:
        for number, event in enumerate(self.events):
            self.done[number] = self.call.handle(event)

    def seen(self) -> Seen:
        """The state, and the commands of all that was done."""
        return (
            self.call.state,
            self.call.call,
            self.call.muted,
            self.call.question,
            tuple(one for one in self.done if one is not None),
        )


class Leave(Enter):
    """The customer, who is muted, hangs up while asked for a still picture."""

    events: tuple[ev.Event, ...] = (ev.HangupPressed(),)

    def __init__(self) -> None:
        self.call = in_call()
        self.call.handle(ev.MutePressed())
        self.call.handle(ev.StillAsked(1, "agent"))
        self.done = [None]


class Parse:
    """An answer of the room service."""

    def __init__(self) -> None:
        self.found: object = None

    def run(self) -> None:
        self.found = answers.Room.read(Fields(parse_json(_SEATED)))

    def seen(self) -> Seen:
        return (self.found,)


def allowed(make: Callable[[], Any]) -> set[str]:
    """What may be seen: nothing done, or each event done after the other."""
    one = make()
    found = {repr(one.seen())}
    if isinstance(one, Parse):
        one.run()
        return {*found, repr(one.seen())}
    for number, event in enumerate(one.events):
        one.done[number] = one.call.handle(event)
        found.add(repr(one.seen()))
    return found


def starve(make: Callable[[], Any]) -> dict[str, Any]:
    """Refuse each allocation alone, then from each on; return what was seen."""
    may_be = allowed(make)
    refused = 0
    strange: list[str] = []
    for number in range(1, ALLOCATIONS + 1):
        for until in (number + 1, 0):
            one = make()
            try:
                _testcapi.set_nomemory(number, until)
                one.run()
                _testcapi.remove_mem_hooks()
            except MemoryError:
                _testcapi.remove_mem_hooks()
                refused += 1
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is told
                _testcapi.remove_mem_hooks()
                strange.append(f"{number}-{until}: {type(error).__name__}")
            if repr(one.seen()) not in may_be:
                strange.append(f"{number}-{until}: {one.seen()}"[:300])
    return {"refused": refused, "strange": strange}


WHAT: Final[dict[str, Callable[[], Any]]] = {
    "enter": Enter,
    "leave": Leave,
    "parse": Parse,
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(starve(WHAT[sys.argv[1]])) + "\n")
