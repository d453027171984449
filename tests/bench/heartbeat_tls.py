"""
What a heartbeat over TLS costs: on a connection kept since the last, or a new one.

The room client's rule is judged by it: a member beats every 7 s, and a connection
closed meanwhile costs both sides a handshake each time.  CPU of the server and of
the client (connection and request alone, no parsing), one heartbeat at a time.
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import time
from pathlib import Path

from kiosk.app.private_ca import make_private_ca
from kiosk.room.membership import LONGEST_PERIOD_S
from kiosk.roomclient.connections import KEEP_ALIVE_S
from tests.bench.crowd import Member
from tests.bench.http_lines import Line
from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.report import Bar, Result, Table
from tests.bench.stage import cpu_s, open_stage


ROUNDS, ROUNDS_FULL = 20, 60
EACH = 60
MEMBERS = 5000
_KEPT, _NEW = "kept", "new for each"

Costs = dict[str, list[tuple[float, float]]]
"""Microseconds a heartbeat of each round: the server's, the client's."""


def run(*, full: bool) -> Result:
    rounds = ROUNDS_FULL if full else ROUNDS
    with open_stage() as stage:
        ca = make_private_ca(Path(stage.branch.folder, "ca"), ["127.0.0.1"])
        tls = {"certificate": str(ca.certificate), "key": str(ca.key)}
        limits = {"requests_per_identity": 100_000, "requests_per_address": 100_000}
        with on_core(SERVER_CORE):
            server = stage.branch.start_server(
                {"tls": tls, "limits": limits}, heartbeat_timeout_s=3600
            )
        trust = ssl.create_default_context(cafile=str(ca.authority))
        address = "127.0.0.1", int(server.url.rpartition(":")[2])
        with on_core(ASKING_CORE):
            costs = asyncio.run(_measure(address, trust, server.pid, rounds))
    return _result(costs, rounds)


async def _dial(address: tuple[str, int], trust: ssl.SSLContext) -> Line:
    loop = asyncio.get_running_loop()
    _, line = await loop.create_connection(Line, *address, ssl=trust)
    return line


async def _measure(
    address: tuple[str, int], trust: ssl.SSLContext, pid: int, rounds: int
) -> Costs:
    member = Member("agent", "desk")
    kept = await _dial(address, trust)
    await member.log_in(kept)
    await member.create(kept)
    costs: Costs = {_KEPT: [], _NEW: []}
    for number in range(rounds + 1):
        for name, spent in costs.items():
            before = cpu_s(pid), time.process_time()
            for _ in range(EACH):
                line = kept if name == _KEPT else await _dial(address, trust)
                head, _ = await line.ask(member.beat)
                assert head.startswith(b"HTTP/1.1 200 ")
                if line is not kept:
                    line.close()
            after = cpu_s(pid), time.process_time()
            if number:  # the first round warms up
                server_s, client_s = (b - a for a, b in zip(before, after, strict=True))
                spent.append((server_s / EACH * 1e6, client_s / EACH * 1e6))
    kept.close()
    return costs


def _result(costs: Costs, rounds: int) -> Result:
    middle = {
        name: [statistics.median(side) for side in zip(*spent, strict=True)]
        for name, spent in costs.items()
    }
    beats = MEMBERS / LONGEST_PERIOD_S
    table = Table(
        f"CPU a heartbeat over TLS, us, median ({where()})",
        ("connection", "n", "server", "client", f"core % at {MEMBERS} members"),
        [
            (name, rounds * EACH, server, client, beats * server / 1e4)
            for name, (server, client) in middle.items()
        ],
    )
    bar = Bar(
        "a kept connection outlives the heartbeat's period",
        KEEP_ALIVE_S,
        LONGEST_PERIOD_S,
        "s",
        at_least=True,
    )
    numbers: dict[str, object] = {
        f"{name}, {side}": value
        for name, values in middle.items()
        for side, value in zip(("server", "client"), values, strict=True)
    }
    return Result("heartbeat_tls", [table], [bar], numbers=numbers)
