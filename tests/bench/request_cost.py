"""
What a request costs the server's processor, beside an empty route of starlette.

Both servers share a core and take turns of a few hundred requests, so that whatever
else the machine does happens to both; the middle of the rounds counts.  Ours reads a
head strictly, knows who asks, counts, answers from the tables and would have waited
for the store; the empty route does nothing.  Asked one at a time, as a real server
mostly is (each request wakes it), which is judged, and eight at once.  A list of twenty
rooms is 6 kB of answer beside an empty one: printed, not judged.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kiosk.room import messages as msg
from tests.bench.crowd import Member
from tests.bench.http_lines import Line, dial, request
from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import Bar, Result, Table
from tests.bench.stage import cpu_s, open_stage


ROUNDS, ROUNDS_FULL = 30, 100
EACH = 240
TIMES = 1.5
ROOMS = 20
EMPTY = "empty starlette route"
_AT_ONCE = (1, 8)
_LONG = f"get_room_list of {ROOMS}"
_SETTINGS = {"heartbeat_timeout_s": 3600}
_LIMITS: dict[str, object] = {"requests_per_identity": 100_000}

Costs = Mapping[str, list[float]]
"""Microseconds a request of each round, by what was asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """One request, asked again and again of one server."""

    pid: int
    port: int
    asked: bytes


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    with open_stage() as stage:
        path = str(stage.branch.folder / "rooms.db")
        more: dict[str, dict[str, object]] = {
            "store": {"path": path},
            "limits": _LIMITS,
        }
        command = our_module("bare_members")
        with on_core(SERVER_CORE), running(*command) as peer:
            server = stage.branch.start_server(more, **_SETTINGS)
            bare = Question(peer.pid, first_line(peer)["port"], request("/empty", {}))
            port = int(server.url.rpartition(":")[2])
            with on_core(ASKING_CORE):
                costs = asyncio.run(_measure(bare, server.pid, port, rounds))
    return _result(costs, rounds)


async def _measure(
    bare: Question, pid: int, port: int, rounds: int
) -> dict[int, Costs]:
    kiosk = await _seat_everybody(port)
    asked: dict[str, msg.Request[object]] = {
        "heartbeat": msg.PusherHeartbeat(kiosk.room_id, kiosk.user_id),
        "get_pushers (2 members)": msg.GetPushers(kiosk.room_id),
        "get_pushers, with tickets": msg.GetPushers(kiosk.room_id, tickets=True),
        "get_room_list of 1": msg.GetRoomList(1, 0),
        _LONG: msg.GetRoomList(ROOMS, 0),
    }
    questions = {
        EMPTY: bare,
        **{name: Question(pid, port, kiosk.post(one)) for name, one in asked.items()},
    }
    return {n: await _rounds(questions, n, rounds) for n in _AT_ONCE}


async def _seat_everybody(port: int) -> Member:
    """Fill the rooms; return a member of the last."""
    line = await dial(("127.0.0.1", port), 0)
    kiosks = [Member(f"kiosk{number}", f"room{number}") for number in range(ROOMS)]
    for kiosk in kiosks:
        agent = Member(f"agent-{kiosk.room_id}", kiosk.room_id)
        await agent.log_in(line)
        await agent.create(line)
        await kiosk.log_in(line)
        await kiosk.join(line)
    line.close()
    return kiosks[-1]


async def _rounds(
    questions: Mapping[str, Question], at_once: int, rounds: int
) -> Costs:
    lines = {
        one.port: [await dial(("127.0.0.1", one.port), n) for n in range(at_once)]
        for one in questions.values()
        if one.port
    }
    costs: dict[str, list[float]] = {name: [] for name in questions}
    for number in range(rounds + 1):
        for name, one in questions.items():
            before = cpu_s(one.pid)
            await _ask(lines[one.port], one.asked, EACH // at_once)
            used = cpu_s(one.pid) - before
            if number:  # the first round warms up
                costs[name].append(used / EACH * 1e6)
    for each in lines.values():
        for line in each:
            line.close()
    return costs


async def _ask(lines: Sequence[Line], asked: bytes, times: int) -> None:
    for _ in range(times):
        answers = await asyncio.gather(*(line.ask(asked) for line in lines))
        assert all(head.startswith(b"HTTP/1.1 200 ") for head, _ in answers)


def _result(costs: Mapping[int, Costs], rounds: int) -> Result:
    tables = [
        Table(
            f"CPU a request, {_words(n)}, us ({where()})",
            ("", "n", "least", "median", "times the empty route"),
            [
                (name, rounds * EACH, min(spent), statistics.median(spent), times)
                for name, spent in each.items()
                for times in [_times(each, name)]
            ],
        )
        for n, each in costs.items()
    ]
    bars = [
        Bar(
            f"{name}, {_words(n)}",
            _times(each, name),
            TIMES,
            "times",
            judged=n == 1 and name != _LONG,
        )
        for n, each in costs.items()
        for name in each
        if name != EMPTY
    ]
    numbers: dict[str, object] = {
        f"{name}, {_words(n)}": statistics.median(spent)
        for n, each in costs.items()
        for name, spent in each.items()
    }
    return Result("request_cost", tables, bars, numbers=numbers)


def _times(costs: Costs, name: str) -> float:
    """Return the middle of the ratios: each round by itself, as the machine was."""
    pairs = zip(costs[name], costs[EMPTY], strict=True)
    return statistics.median(ours / empty for ours, empty in pairs)


def _words(at_once: int) -> str:
    return "one at a time" if at_once == 1 else f"{at_once} at once"
