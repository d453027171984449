"""
Faults of the room service's answers: what it says, how late, and to whom.

All of them are made at the kiosk's way to it, where a real server's answers are changed;
that somebody asked, and was answered so, is part of each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, Final

from kiosk.errors import ControlError
from tests.fakes.http_tap import Alter, Exchange
from tests.fakes.proxy import Way
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.bad_answers import (
    BAD_JSON,
    LARGE,
    NO_JSON,
    ODD_HTTP,
    Wrong,
    answer_of,
    http,
)
from tests.faults.stage import Stage


_ASKED_S: Final = 30.0
"""An idle kiosk asks every twenty seconds."""
_SMALL_MB: Final = 5.0


@contextmanager
def answering(stage: Stage, alter: Alter) -> Iterator[None]:
    """Answer so until left, and not before somebody was answered."""
    stage.rooms_tap.alter(alter)
    try:
        yield
        until = time.monotonic() + _ASKED_S
        while not stage.rooms_tap.altered:
            assert time.monotonic() < until, "nobody asked, nothing was changed"
            time.sleep(0.05)
    finally:
        stage.rooms_tap.alter(None)


@injector("R01", "R03")
@contextmanager
def says_no(stage: Stage, params: Params) -> Iterator[None]:
    """Every request is answered with a status of a server that is out of order."""
    statuses: Sequence[str] = params["statuses"]
    turn = count(stage.seed)

    def alter(_: Exchange) -> bytes:
        status = statuses[next(turn) % len(statuses)]
        return http(b"", status=status, more=f"Retry-After: {params['retry_s']}\r\n")

    with answering(stage, alter):
        yield


@injector("R02")
@contextmanager
def stumbles(stage: Stage, params: Params) -> Iterator[None]:
    """Every second request is answered with 500."""
    turn = count()

    def alter(_: Exchange) -> bytes | None:
        return http(b"", status="500 Oops") if next(turn) % 2 == 0 else None

    with answering(stage, alter):
        yield


@contextmanager
def _says_wrong(stage: Stage, wrong: Sequence[Wrong]) -> Iterator[None]:
    turn = count(stage.seed)

    def alter(exchange: Exchange) -> bytes:
        return wrong[next(turn) % len(wrong)](exchange)

    with answering(stage, alter):
        yield


@injector("R04")
@contextmanager
def says_nonsense(stage: Stage, params: Params) -> Iterator[None]:
    """Every answer is no JSON, each in another way."""
    with _says_wrong(stage, NO_JSON):
        yield


@injector("R05")
@contextmanager
def says_traps(stage: Stage, params: Params) -> Iterator[None]:
    """Every answer is JSON that no honest server sends, each in another way."""
    with _says_wrong(stage, BAD_JSON):
        yield


@injector("R06")
@contextmanager
def says_too_much(stage: Stage, params: Params) -> Iterator[None]:
    """Every answer is too large, each in another way; memory stays as it was."""
    before = stage.status()["rss_mb"]
    with _says_wrong(stage, LARGE):
        yield
    after = stage.status()["rss_mb"]
    in_call = stage.status()["state"] == "IN_CALL"  # which has memory of its own
    assert in_call or after - before < _SMALL_MB, f"RSS grew by {after - before} MB"


@injector("R07")
@contextmanager
def drips(stage: Stage, params: Params) -> Iterator[None]:
    """Answers come byte by byte, one a second."""
    stage.rooms.drip(1.0, Way.BACK)
    with answering(stage, _as_it_was):
        yield
    stage.rooms.flow()


@injector("R08")
@contextmanager
def says_odd_http(stage: Stage, params: Params) -> Iterator[None]:
    """Every answer is HTTP that is no answer, each in another way."""
    with _says_wrong(stage, ODD_HTTP):
        yield


@injector("R14")
@contextmanager
def loses_heartbeats(stage: Stage, params: Params) -> Iterator[None]:
    """Heartbeats arrive and are not answered, so many times."""
    left = count(int(params["times"]), -1)

    def alter(exchange: Exchange) -> bytes | None:
        is_beat = exchange.route == "pusher_heartbeat"
        return b"" if is_beat and next(left) > 0 else None

    with answering(stage, alter):
        yield


@injector("R18")
@contextmanager
def replays_events(stage: Stage, params: Params) -> Iterator[None]:
    """Notifications come twice, backwards and with holes; people talk meanwhile."""
    seen: list[dict[str, Any]] = []

    def change(wire: dict[str, Any]) -> None:
        seen.extend(wire["events"])
        wire["events"] = [*reversed(seen), *wire["events"][1:]]

    alter = changing(change, "wait_events", which=lambda wire: bool(wire.get("events")))
    with answering(stage, alter):
        _talk(stage)
        yield


@injector("R19")
@contextmanager
def tells_nothing(stage: Stage, params: Params) -> Iterator[None]:
    """Requests are answered, notifications are not."""
    with answering(stage, _silent_about("wait_events")):
        _talk(stage)
        yield


@injector("R20")
@contextmanager
def lists_absurdly(stage: Stage, params: Params) -> Iterator[None]:
    """The members of the room are listed without us, with us twice, and by thousands."""
    us = str(stage.status()["user_id"])
    turn = count(stage.seed)

    def change(wire: dict[str, Any]) -> None:
        _look_again(wire)
        members = wire.get("pushers", [])
        others = [one for one in members if one["userID"] != us]
        ghost = {"userName": "", "userAvatar": "", **_PLAYED}
        many = [{**ghost, "userID": f"ghost{n}"} for n in range(10_000)]
        lists = others, members + members, others + many
        if members:
            wire["pushers"] = lists[next(turn) % len(lists)]

    with answering(stage, changing(change, "get_pushers", "wait_events")):
        _talk(stage)
        yield


@injector("R21")
@contextmanager
def loops_us_back(stage: Stage, params: Params) -> Iterator[None]:
    """Everybody in the room is said to be played where we are."""
    us = str(stage.status()["user_id"])

    def change(wire: dict[str, Any]) -> None:
        _look_again(wire)
        members = wire.get("pushers", [])
        own = [one["accelerateURL"] for one in members if one["userID"] == us]
        for one in members:
            one["accelerateURL"] = own[0] if own else ""

    with answering(stage, changing(change, "get_pushers", "wait_events")):
        _talk(stage)
        yield


@injector("R22")
@contextmanager
def names_bad_urls(stage: Stage, params: Params) -> Iterator[None]:
    """Where to publish and to play is no place for that, each time another one."""
    turn = count(stage.seed)

    def change(wire: dict[str, Any]) -> None:
        _look_again(wire)
        bad = _BAD_URLS[next(turn) % len(_BAD_URLS)]
        if "pushURL" in wire:
            wire["pushURL"] = bad
        for one in wire.get("pushers", ()):
            one["accelerateURL"] = bad

    with answering(stage, changing(change, *_WITH_URLS)):
        _talk(stage)
        yield


@injector("R25")
@contextmanager
def rolls_back(stage: Stage, params: Params) -> Iterator[None]:
    """The server knows no more than the originals did, and a moment later it does."""
    with answering(stage, _original):
        yield


def _talk(stage: Stage) -> None:
    """Let the agent say something, where it is in the call."""
    if stage.status()["state"] == "IN_CALL":
        with suppress(ControlError):  # the call is over, as the row may have it
            for number in range(6):
                stage.agent.control.text(f"text {number}")
                time.sleep(0.4)


def _look_again(wire: dict[str, Any]) -> None:
    """Have the kiosk look at the list of members, where it is told of events."""
    if wire.get("events"):
        wire["resync"] = True


def _as_it_was(exchange: Exchange) -> bytes:
    return exchange.answer


def _silent_about(*routes: str) -> Alter:
    return lambda exchange: b"" if exchange.route in routes else None


def changing(
    change: Callable[[dict[str, Any]], None],
    *routes: str,
    which: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> Alter:
    """Return what changes answers of some routes, those of code 0."""

    def alter(exchange: Exchange) -> bytes | None:
        if exchange.route not in routes:
            return None
        wire = json.loads(exchange.body)
        if wire["code"] != 0 or not which(wire):
            return None
        change(wire)
        return answer_of(wire)

    return alter


def _original(exchange: Exchange) -> bytes | None:
    """Return what a server answers that never heard of our additions."""
    if exchange.route in _ADDED:
        return answer_of({"code": 0, "data": {}})
    wire = json.loads(exchange.body) if exchange.body else {}
    for name in _ADDED_FIELDS:
        wire.pop(name, None)
    return answer_of(wire)


_WITH_URLS: Final = ("get_push_url", "get_pushers", "wait_events")
_PLAYED: Final[Mapping[str, str]] = {
    "accelerateURL": "rtmp://127.0.0.1:9/live/8888_ghost_x"
}
_ADDED: Final = frozenset(
    {"wait_events", "send_room_text_msg", "queue_seat", "leave_queue", "put_still"}
)
_ADDED_FIELDS: Final = ("imProvider", "bearer", "epoch", "seq", "heartbeatS", "keys")
_BAD_URLS: Final = (
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "rtmp://127.0.0.1/live/" + "x" * 1_900,
    "rtmp://127.0.0.1/live/a\u0000b",
    "rtmp://user:password@127.0.0.1/live/stream",
    "rtmp://127.0.0.1/live/stream\r\nX: y",
    "rtmp://[::1/live/stream",
    "rtmp://192.0.2.1/live/stream",
)
