"""
What other programs do on the links of :mod:`tests.bench.network`.

ffmpeg as every forum tunes it and PyAV's own RTMP publish our clip over the bad
link to our relay.  *Decoded* is what our reader without playout sees behind the
relay, as for our own push; *mpv* is what libmpv shows at the same place.  Their
rows end with the narrow link: what comes after it is only a queue that drains.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tests.bench import mpv_player
from tests.bench.links import (
    LOSS_PERCENT,
    LOSSY,
    LOSSY_KBPS,
    NARROW_KBPS,
    WIDE,
    WIDE_KBPS,
    Series,
    ages_of,
)
from tests.bench.peers import KBPS, PACED_SINE, ffmpeg_push
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import SPREAD, Number, Table, spread
from tests.lab.network import Network, Place, network


WARM_UP_S, NARROW_S, FIRST_S, LOSSY_S = 6.0, 10.0, 2.0, 20.0
_BEGIN_S, _LATE_S = 1.5, 4.0

Push: TypeAlias = Callable[
    [str, float, Place], contextlib.AbstractContextManager[object]
]
"""From a URL, seconds and a place to a push that lasts as long as its context."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One push, looked at by several readers.

    Attributes:
        at: When the link became bad.
        until: When it was good again, or the reading ended.
        series: By reader.

    """

    at: float
    until: float
    series: Mapping[str, Series]


def tables() -> tuple[list[Table], list[str]]:
    """Measure all of them; return tables, and notes on what was not measured."""
    missing = mpv_player.why_not()
    readers = {"decoded": "far_reader"}
    with_mpv = readers if missing else {**readers, "mpv": "mpv_player"}
    pushes: dict[str, tuple[Push, Mapping[str, str]]] = {
        "ffmpeg push": (_ffmpeg, with_mpv),
        "PyAV push": (_pyav, readers),
    }
    narrow = {name: _narrowed(*how) for name, how in pushes.items()}
    lossy = {name: _lossy(*how) for name, how in pushes.items()}
    return [_narrow_table(narrow), _lossy_table(lossy)], [missing] if missing else []


# -- measuring ---------------------------------------------------------------------


def _ffmpeg(
    url: str, seconds: float, place: Place
) -> contextlib.AbstractContextManager[object]:
    return ffmpeg_push(url, PACED_SINE, place.command)


def _pyav(
    url: str, seconds: float, place: Place
) -> contextlib.AbstractContextManager[object]:
    command = place.command(*our_module("pyav_publisher", url, seconds))
    return running(*command, keep=False)


@contextlib.contextmanager
def _watched(
    push: Push, readers: Mapping[str, str], seconds: float, link: Mapping[str, float]
) -> Generator[tuple[Network, Mapping[str, subprocess.Popen[bytes]]]]:
    """Begin a push over a link, and readers that look at it for so long."""
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(network())
        lab.change(**link)
        relay = stack.enter_context(
            running(*lab.far.command(*our_module("bare_relay", lab.far.address)))
        )
        url = f"{first_line(relay)['rtmp']}/peer"
        stack.enter_context(push(url, seconds + _BEGIN_S + 2, lab.near))
        time.sleep(_BEGIN_S)
        started = {
            name: stack.enter_context(
                running(*lab.far.command(*our_module(module, url, seconds)))
            )
            for name, module in readers.items()
        }
        yield lab, started


def _narrowed(push: Push, readers: Mapping[str, str]) -> Seen:
    seconds = WARM_UP_S + NARROW_S + _LATE_S
    with _watched(push, readers, seconds, WIDE) as (lab, started):
        time.sleep(WARM_UP_S)
        at = time.monotonic()
        lab.change("up", rate_kbps=NARROW_KBPS)
        time.sleep(NARROW_S)
        until = time.monotonic()
        lab.change("up", rate_kbps=WIDE_KBPS)  # so that the late ones are seen too
        series = {name: first_line(one)["series"] for name, one in started.items()}
    return Seen(at, until, series)


def _lossy(push: Push, readers: Mapping[str, str]) -> Seen:
    with _watched(push, readers, FIRST_S + LOSSY_S, LOSSY) as (lab, started):
        lab.change(loss_percent=LOSS_PERCENT)
        time.sleep(FIRST_S)
        at = time.monotonic()
        series = {name: first_line(one)["series"] for name, one in started.items()}
    return Seen(at, at + LOSSY_S - 1, series)


# -- telling -------------------------------------------------------------------------


def _narrow_table(narrow: Mapping[str, Seen]) -> Table:
    rows: list[tuple[str | Number, ...]] = []
    for name, seen in narrow.items():
        then = seen.at + FIRST_S
        for reader, series in seen.series.items():
            for when, begin, end in (
                ("before", seen.at - 3, seen.at),
                ("first 2 s", seen.at, then),
                ("then", then, seen.until),
            ):
                ages = ages_of(series, begin, end)
                rate = len(ages) / (end - begin)
                rows.append((f"{name}, {reader}, {when}", rate, *spread(ages)))
    title = f"Peers at {KBPS} kbit/s, link {WIDE_KBPS} -> {NARROW_KBPS} kbit/s, ms"
    return Table(title, ("", "per s", *SPREAD), rows)


def _lossy_table(lossy: Mapping[str, Seen]) -> Table:
    rows: list[tuple[str | Number, ...]] = []
    for name, seen in lossy.items():
        for reader, series in seen.series.items():
            ages = ages_of(series, seen.at, seen.until)
            rate = len(ages) / (seen.until - seen.at)
            rows.append((f"{name}, {reader}", rate, *spread(ages)))
    title = f"Peers at {KBPS} over {LOSSY_KBPS} kbit/s with {LOSS_PERCENT:g} % loss, ms"
    return Table(title, ("", "per s", *SPREAD), rows)
