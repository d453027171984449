"""
5000 members with open polls, and 2000 kiosks that report: what one core gives them.

Each member beats every 7 s on one connection and waits for news on another; texts
are said and visitors come and go meanwhile.  The peer is an empty room service of
starlette under uvicorn, asked in the same way by the same process.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.bench.pinned import ASKING_CORE, SERVER_CORE, on_core, where
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import SPREAD, Bar, Result, Table, percentile, spread
from tests.bench.stage import cpu_s, open_stage, rss_mb


MEMBERS, KIOSKS, VISITORS = 5000, 2000, 20
SECONDS, SECONDS_FULL = 30.0, 120.0
BEAT_MS, NEWS_MS, MEMBER_KB = 50.0, 250.0, 40.0
_RATES = {"requests_per_identity": 1000}
_MEMBER_METRIC = re.compile(r'kiosk_members\{type="double_room"\} (\d+)')


@dataclass(frozen=True, slots=True)
class Load:
    """
    One server under its crowd.

    Attributes:
        kb_a_member: Resident memory of the server for each of them.
        cpu_percent: Of its core while they asked.
        found: How many members the server has at the end; None: it cannot tell.

    """

    name: str
    seen: Mapping[str, Any]
    kb_a_member: float
    cpu_percent: float
    found: int | None = None


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    ours = _ours(seconds)
    peer = _peer(seconds)
    return _result(ours, peer)


def _ours(seconds: float) -> Load:
    with open_stage() as stage:
        store = {"path": str(stage.branch.folder / "rooms.db")}
        with on_core(SERVER_CORE):
            server = stage.branch.start_server({"store": store, "limits": _RATES})
        crowd = {
            "port": int(server.url.rpartition(":")[2]),
            "members": MEMBERS - VISITORS,
            "seconds": seconds,
            "kiosks": KIOSKS,
            "visitors": VISITORS,
        }
        load = _under_load("kiosk server", server.pid, crowd)
        with urllib.request.urlopen(f"{server.url}/metrics") as answer:
            told = _MEMBER_METRIC.search(answer.read().decode())
        return replace(load, found=int(told[1]) if told else None)


def _peer(seconds: float) -> Load:
    command = our_module("bare_members")
    with on_core(SERVER_CORE), running(*command) as process:
        crowd = {
            "port": first_line(process)["port"],
            "members": MEMBERS,
            "seconds": seconds,
            "is_bare": True,
        }
        return _under_load("empty starlette", process.pid, crowd)


def _under_load(name: str, pid: int, crowd: Mapping[str, object]) -> Load:
    before_mb = rss_mb(pid)
    command = our_module("members_crowd", json.dumps(crowd))
    with on_core(ASKING_CORE), running(*command) as process:
        seated = int(first_line(process)["seated"])
        grown_mb = rss_mb(pid) - before_mb
        began, used = time.monotonic(), cpu_s(pid)
        seen = first_line(process)
        percent = 100 * (cpu_s(pid) - used) / (time.monotonic() - began)
        grown_mb = max(grown_mb, rss_mb(pid) - before_mb)
    return Load(name, seen, grown_mb * 1024 / seated, percent)


def _result(ours: Load, peer: Load) -> Result:
    seen = ours.seen
    rows = [
        (f"{load.name}: {what}", *spread(load.seen[key]))
        for load in (ours, peer)
        for what, key in (
            ("heartbeat", "beats"),
            ("text to the other member", "texts"),
            ("join to the other member", "joins"),
            ("report of an idle kiosk", "reports"),
            ("(the clients themselves late)", "late"),
        )
        if load.seen[key]
    ]
    costs = [
        (load.name, load.kb_a_member, load.cpu_percent, load.seen["refusals"])
        for load in (ours, peer)
    ]
    lost_news = (seen["texts_sent"] - len(seen["texts"])) + (
        seen["joins_made"] - len(seen["joins"])
    )
    return Result(
        "load_members",
        [
            Table(f"{MEMBERS} members, ms ({where()})", ("", *SPREAD), rows),
            Table(
                "What they cost the server",
                ("", "kB a member", "CPU % of a core", "failures"),
                costs,
            ),
        ],
        [
            Bar("heartbeat, p99", percentile(seen["beats"], 99), BEAT_MS),
            Bar(
                "text to the other member, p99", percentile(seen["texts"], 99), NEWS_MS
            ),
            Bar(
                "join to the other member, p99", percentile(seen["joins"], 99), NEWS_MS
            ),
            Bar("memory a member", ours.kb_a_member, MEMBER_KB, "kB"),
            Bar("members lost", _lost(ours), 0.0, ""),
            Bar("news that did not arrive", float(lost_news), 0.0, ""),
            Bar("requests refused or failed", float(seen["refusals"]), 0.0, ""),
        ],
        [str(one) for one in seen["refused"]],
        {
            load.name: {
                "kb_a_member": load.kb_a_member,
                "cpu_percent": load.cpu_percent,
                "polls": load.seen["polls"],
            }
            for load in (ours, peer)
        },
    )


def _lost(load: Load) -> float | None:
    return None if load.found is None else float(MEMBERS - load.found)
