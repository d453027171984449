"""
How old a picture is when it comes out of the decoder, before any playout.

Our pusher, our relay and our receiving half, beside a tuned ffmpeg on both
sides of the same relay: same clip, picture and sound, same reader process, one
after the other in the same run.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from tests.bench.ages import WARM_UP_S, Ages
from tests.bench.peers import PACED_SINE, PULLS, SINE, ffmpeg_pull, ffmpeg_push
from tests.bench.processes import first_line, our_module, running
from tests.bench.report import SPREAD, Bar, Number, Result, Table, percentile, spread
from tests.bench.subscriber import subscribe


BOUND_MS = 25.0
ROUNDS, ROUNDS_FULL = 2, 3
SECONDS, SECONDS_FULL = 4.0, 20.0
_START_S = 1.5

OURS = "kiosk push, kiosk pull"
HALF = "ffmpeg push, kiosk pull"


def run(*, full: bool) -> Result:
    seconds = WARM_UP_S + (SECONDS_FULL if full else SECONDS)
    found: dict[str, list[Ages]] = {}
    with running(*our_module("bare_relay")) as relay:
        base = str(first_line(relay)["rtmp"])
        urls = (f"{base}/clip{number}" for number in itertools.count())
        for _ in range(ROUNDS_FULL if full else ROUNDS):
            for name, measured in _round(urls, seconds):
                found.setdefault(name, []).append(measured)
    return _result(found)


def _round(urls: Iterator[str], seconds: float) -> Iterator[tuple[str, Ages]]:
    url = next(urls)
    with running(*our_module("our_publisher", url, seconds + 10), keep=False):
        time.sleep(_START_S)
        yield OURS, subscribe(url, seconds)
    url = next(urls)
    with ffmpeg_push(url, SINE):
        time.sleep(_START_S)
        for name, options in PULLS.items():
            yield f"ffmpeg push, ffmpeg {name}", ffmpeg_pull(url, options, seconds)
        yield HALF, subscribe(url, seconds)
    url = next(urls)
    with ffmpeg_push(url, PACED_SINE):
        time.sleep(_START_S)
        name, options = next(iter(PULLS.items()))
        measured = ffmpeg_pull(url, options, seconds)
        yield f"ffmpeg push with paced sound, ffmpeg {name}", measured


def _result(found: dict[str, list[Ages]]) -> Result:
    pooled = {
        name: [age for ages in rounds for age in ages.ages_ms]
        for name, rounds in found.items()
    }
    rows: list[tuple[str | Number, ...]] = [
        (
            name,
            *spread(pooled[name]),
            sum(ages.unreadable for ages in rounds),
            _first_ms(rounds),
        )
        for name, rounds in found.items()
    ]
    peers = {
        name: p95
        for name in pooled
        if name not in (OURS, HALF)
        and (p95 := percentile(pooled[name], 95)) is not None
    }
    best = min(peers, key=peers.__getitem__, default=None)
    ours = percentile(pooled[OURS], 95)
    header = ("", *SPREAD, "unreadable", "first picture")
    return Result(
        "before_playout",
        [Table("Painted to decoded, picture and sound, 640x360, ms", header, rows)],
        [
            Bar("kiosk, p95", ours, BOUND_MS),
            Bar(
                f"kiosk p95, below the best peer ({best})",
                ours,
                peers[best] if best else None,
                below=True,
            ),
        ],
        _notes(found),
        {"ages_ms": pooled},
    )


def _notes(found: dict[str, list[Ages]]) -> list[str]:
    blind = [
        name
        for name, rounds in found.items()
        if all(ages.first_s is None for ages in rounds)
    ]
    return [
        *(
            f"{name}: no picture at all; its probe ends with the sound"
            for name in blind
        ),
        "first picture: from the start of the reader, ffmpeg's own start included",
    ]


def _first_ms(rounds: list[Ages]) -> float | None:
    return percentile([1000 * a.first_s for a in rounds if a.first_s is not None], 50)
