"""
A mobile network with outages of five seconds: when both sides see each other again.

Server and agent at the far end of the network lab, the kiosk at the near end,
all of them the programs themselves; the link between is a mobile one
(:mod:`tests.lab.trace`).  Both panels are watched from outside: a picture is
*back* when one painted after the end of the outage is there, and *frozen* is
what the oldest picture was that anybody saw.

The peer is the same RTMP without an early reconnect: ffmpeg publishing and
ffmpeg playing through our relay over the same link, each over one connection.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.peers import PACED_SINE, ffmpeg_push
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import SPREAD, Bar, Number, Result, Table, percentile, spread
from tests.bench.stage import PLAIN, Reader, open_stage
from tests.fakes.programs import Party
from tests.lab.network import network, why_not
from tests.lab.shuttle import CONGESTION_CONTROL
from tests.lab.trace import OUTAGE_S, Outage, mobile, set_out, travel


BACK_S, FROZEN_MS = 2.0, 1_500.0
FIRST_S, APART_S, LAST_S = 8.0, 14.3, 8.0
OUTAGES, OUTAGES_FULL = 3, 8

Looks = Sequence[tuple[float, float]]
"""When a panel was looked at (monotonic seconds) and the age of its picture (ms)."""


@dataclass(frozen=True, slots=True)
class Travelled:
    """
    A call on the way.

    Attributes:
        panels: What was seen, by whose panel it was.
        survived: The same call was up in the end.
        reconnects: Streams that were published anew, the kiosk's.

    """

    outages: list[Outage]
    panels: dict[str, Looks]
    survived: bool
    reconnects: int


def run(*, full: bool) -> Result:
    missing = why_not()
    if missing:
        return Result("outage", [], [], notes=[f"not measured: {missing}"])
    count = OUTAGES_FULL if full else OUTAGES
    begins = [FIRST_S + number * APART_S for number in range(count)]
    ours = _travelled(begins)
    peer = _peer(begins[:OUTAGES])
    return Result(
        "outage",
        [_returns(ours, peer), _ages(ours)],
        _bars(ours),
        notes=[
            f"congestion control: {CONGESTION_CONTROL}, a Raspberry Pi's",
            f"{ours.reconnects} streams published anew in {count} outages",
        ],
        numbers={"back_s": {name: _back(ours, name) for name in ours.panels}},
    )


# -- measuring ---------------------------------------------------------------------


def _travelled(begins: Sequence[float]) -> Travelled:
    seconds = begins[-1] + OUTAGE_S + LAST_S
    with network() as lab, open_stage() as stage, contextlib.ExitStack() as stack:
        set_out(lab)
        stage.start_server_in(lab)
        display = {"framebuffer": str(stage.agents_framebuffer), "size": "640x360"}
        agent = stage.start_agent(network=PLAIN, display=display)
        stage.branch.place = lab.near
        kiosk = stage.start_kiosk(network=PLAIN)
        kiosk.press("call")
        for party in (kiosk, agent):
            party.wait_for("IN_CALL")
        before = _ordinals(kiosk, agent)
        files = {"kiosk": stage.framebuffer, "agent": stage.agents_framebuffer}
        readers = {
            name: stack.enter_context(Reader("trail", file, seconds))
            for name, file in files.items()
        }
        outages = travel(lab, mobile(begins, seconds - 1.0))
        panels: dict[str, Any] = {
            name: reader.result()["looks"] for name, reader in readers.items()
        }
        for party in (kiosk, agent):
            party.wait_for("IN_CALL")
        survived = _ordinals(kiosk, agent) == before
        reconnects = int(kiosk.status()["push"]["reconnects"])
    return Travelled(outages, panels, survived, reconnects)


def _ordinals(*parties: Party) -> list[int]:
    return [int(party.status()["call"]) for party in parties]


def _peer(begins: Sequence[float]) -> Travelled:
    """Let ffmpeg publish over the link, and our reader look at the other end."""
    seconds = begins[-1] + OUTAGE_S + LAST_S
    with network() as lab, contextlib.ExitStack() as stack:
        set_out(lab)
        relay = stack.enter_context(
            running(*lab.far.command(*our_module("bare_relay", lab.far.address)))
        )
        url = f"{first_line(relay)['rtmp']}/peer"
        stack.enter_context(ffmpeg_push(url, PACED_SINE, lab.near.command))
        time.sleep(1.0)
        reading = lab.far.command(*our_module("far_reader", url, seconds))
        reader = stack.enter_context(running(*reading))
        outages = travel(lab, mobile(begins, seconds - 1.0))
        series = first_line(reader)["series"]
    looks = [(painted + age_ms / 1000, age_ms) for painted, age_ms in series]
    return Travelled(outages, {"ffmpeg push": looks}, survived=True, reconnects=0)


# -- telling -------------------------------------------------------------------------


def _back(travelled: Travelled, name: str) -> list[float | None]:
    """Return how long after each outage a picture of after it was there."""
    looks = travelled.panels[name]
    return [
        next(
            (
                at - outage.ended
                for at, age_ms in looks
                if at - age_ms / 1000 > outage.ended
            ),
            None,
        )
        for outage in travelled.outages
    ]


def _worst(times: Sequence[float | None]) -> float | None:
    known = [one for one in times if one is not None]
    return max(known) if known and len(known) == len(times) else None


def _oldest(looks: Looks) -> float:
    return max(age_ms for _, age_ms in looks)


def _returns(*all_travelled: Travelled) -> Table:
    rows: list[tuple[str | Number, ...]] = [
        (
            f"{name}'s panel" if len(travelled.panels) > 1 else name,
            len(travelled.outages),
            percentile([one for one in back if one is not None], 50),
            _worst(back),
            _oldest(travelled.panels[name]),
        )
        for travelled in all_travelled
        for name in travelled.panels
        for back in [_back(travelled, name)]
    ]
    header = ("", "outages", "back s, median", "back s, worst", "oldest seen ms")
    return Table(f"Mobile network, outages of {OUTAGE_S:g} s", header, rows)


def _ages(travelled: Travelled) -> Table:
    rows: list[tuple[str | Number, ...]] = [
        (f"{name}'s panel", *spread(_calm(travelled, looks)))
        for name, looks in travelled.panels.items()
    ]
    title = "Age of what is shown, from 3 s after an outage to the next one, ms"
    return Table(title, ("", *SPREAD), rows)


def _calm(travelled: Travelled, looks: Looks) -> list[float]:
    ends = [outage.ended for outage in travelled.outages]
    begins = [outage.began for outage in travelled.outages][1:]
    spans = [
        (end + 3, begin)
        for end, begin in zip(ends, [*begins, looks[-1][0]], strict=True)
    ]
    return [
        age_ms for at, age_ms in looks if any(begin <= at < end for begin, end in spans)
    ]


def _bars(travelled: Travelled) -> list[Bar]:
    bars = [
        Bar(
            f"picture back on the {name}'s panel, worst",
            _worst(_back(travelled, name)),
            BACK_S,
            unit="s",
        )
        for name in travelled.panels
    ]
    bars += [
        Bar(f"oldest picture seen on the {name}'s panel", _oldest(looks), FROZEN_MS)
        for name, looks in travelled.panels.items()
    ]
    survived = Bar(
        "calls that survived", float(travelled.survived), 1.0, "", at_least=True
    )
    return [*bars, survived]
