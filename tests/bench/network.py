"""
Rate control on a bad link: how late pictures are, and what of the link is used.

Our pusher goes over a link of the network lab (real TCP, two namespaces) to our
relay; two readers behind the relay look at the same stream.  *Decoded* is the
age of a picture when it comes out of the decoder, before any playout; this is
what the bars of the narrow link and of the losses judge.  *Presented* is its
age after our playout; that, and what is shown and concealed, is the player's.

The uncontrolled push beside is the same pusher whose rate control sees and does
nothing; what other programs do there is in :mod:`tests.bench.network_peers`.  Ages of
pictures that were never sent do not exist: each row says how many pictures a
second it is of.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tests.bench import network_peers
from tests.bench.lab_push import END_S, push_over
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
from tests.bench.report import SPREAD, Bar, Number, Result, Table, percentile, spread
from tests.lab.network import why_not
from tests.lab.shuttle import CONGESTION_CONTROL


WARM_UP_S, NARROW_S, AFTER_S = 10.0, 12.0, 12.0
FIRST_S = 2.0
LOSSY_SENT_KBPS = 600
LOSSY_S, LOSSY_FULL_S = 30.0, 120.0

FIRST_MS, THEN_MS = 400.0, 150.0
USED_LEAST, BACK_S, BACK_SHARE = 85.0, 8.0, 0.9
LOSSY_MS, CONCEALED_MOST, SHOWN_LEAST = 250.0, 1.0, 25.0

OURS, UNCONTROLLED = "kiosk", "uncontrolled push"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """
    One push while its link narrowed at ``at`` and was wide again at ``until``.

    Attributes:
        decoded, presented: Before and after playout.
        history: What the pusher said of itself, ten times a second.
        used_percent: Of the narrow link, headers included, without the first
            two seconds.

    """

    at: float
    until: float
    decoded: Series
    presented: Series
    history: list[dict[str, Any]]
    used_percent: float

    @property
    def back_s(self) -> float | None:
        """From the link's return to nine tenths of the old bit rate."""
        old = max(look["bitrate"] for look in self.history if look["at"] < self.at)
        return next(
            (
                look["at"] - self.until
                for look in self.history
                if look["at"] > self.until and look["bitrate"] >= BACK_SHARE * old
            ),
            None,
        )


def run(*, full: bool) -> Result:
    missing = why_not()
    if missing:
        return Result("network", [], [], notes=[f"not measured: {missing}"])
    narrowed = {
        OURS: _narrowed(),
        UNCONTROLLED: _narrowed("--uncontrolled"),
    }
    seconds = LOSSY_FULL_S if full else LOSSY_S
    lossy = _lossy(seconds)
    ours = narrowed[OURS]
    peers, peer_notes = network_peers.tables()
    return Result(
        "network",
        [_ages(narrowed), _use(narrowed), _losses(lossy), *peers],
        [*_narrow_bars(ours), *_loss_bars(lossy), *_presented(ours, lossy)],
        notes=[
            f"congestion control: {CONGESTION_CONTROL}, a Raspberry Pi's",
            *peer_notes,
        ],
        numbers={
            name: {"history": found.history, "decoded": list(found.decoded)}
            for name, found in narrowed.items()
        },
    )


# -- measuring ---------------------------------------------------------------------


def _narrowed(*options: object) -> Narrowed:
    seconds = WARM_UP_S + NARROW_S + AFTER_S
    with push_over(seconds, *options, link=WIDE) as push:
        time.sleep(WARM_UP_S)
        at = time.monotonic()
        push.lab.change("up", rate_kbps=NARROW_KBPS)
        time.sleep(FIRST_S)
        before = push.lab.tally("up")
        time.sleep(NARROW_S - FIRST_S)
        after = push.lab.tally("up")
        until = time.monotonic()
        push.lab.change("up", rate_kbps=WIDE_KBPS)
        decoded, played, history = push.results()
    bits = (after.arrived_bytes - before.arrived_bytes) * 8
    used = bits / (NARROW_KBPS * 10 * (after.at - before.at))
    return Narrowed(at, until, decoded, played["series"], history, used)


@dataclass(frozen=True, slots=True)
class Lossy:
    """A push over a link that loses packets."""

    seconds: float
    decoded_ms: list[float]
    presented_ms: list[float]
    concealed_percent: float
    lost: int
    offered: int

    @property
    def shown_rate(self) -> float:
        return len(self.presented_ms) / self.seconds


def _lossy(seconds: float) -> Lossy:
    warm_up = FIRST_S
    options = ("--kbps", LOSSY_SENT_KBPS)
    with push_over(warm_up + seconds, *options, link=LOSSY) as push:
        push.lab.change(loss_percent=LOSS_PERCENT)
        time.sleep(warm_up)
        begin = time.monotonic()
        decoded, played, _ = push.results()
        tally = push.lab.tally("up")
    end = begin + seconds - END_S
    concealed = played["play"]["concealed_ms"] / 10 / (warm_up + seconds)
    return Lossy(
        seconds - END_S,
        ages_of(decoded, begin, end),
        ages_of(played["series"], begin, end),
        concealed,
        tally.lost,
        tally.offered,
    )


# -- telling -------------------------------------------------------------------------


def _ages(narrowed: dict[str, Narrowed]) -> Table:
    rows: list[tuple[str | Number, ...]] = []
    for name, found in narrowed.items():
        then = found.at + FIRST_S
        for kind, series in (
            ("decoded", found.decoded),
            ("presented", found.presented),
        ):
            for when, begin, end in (
                ("before", found.at - 4, found.at),
                ("first 2 s", found.at, then),
                ("then", then, found.until),
                ("wide again", found.until + FIRST_S, found.until + AFTER_S),
            ):
                ages = ages_of(series, begin, end)
                rate = len(ages) / (end - begin)
                rows.append((f"{name}, {kind}, {when}", rate, *spread(ages)))
    title = f"Age of pictures, link {WIDE_KBPS} -> {NARROW_KBPS} -> {WIDE_KBPS} kbit/s"
    return Table(f"{title}, 30 ms round trip, ms", ("", "per s", *SPREAD), rows)


def _use(narrowed: dict[str, Narrowed]) -> Table:
    rows: list[tuple[str | Number, ...]] = [
        (
            name,
            found.used_percent,
            found.back_s,
            found.history[-1]["braked_ms"] / 1000,
            found.history[-1]["pictures_dropped"],
        )
        for name, found in narrowed.items()
    ]
    header = ("", "used %", "rate back s", "braked s", "dropped after encoding")
    return Table("Use of the narrow link", header, rows)


def _losses(lossy: Lossy) -> Table:
    rows: list[tuple[str | Number, ...]] = [
        (f"{OURS}, {name}", len(ages) / lossy.seconds, *spread(ages))
        for name, ages in (
            ("decoded", lossy.decoded_ms),
            ("presented", lossy.presented_ms),
        )
    ]
    return Table(
        f"Age of pictures, {LOSSY_SENT_KBPS} over {LOSSY_KBPS} kbit/s, 60 ms round "
        f"trip, {lossy.lost} of {lossy.offered} packets lost on the way up, ms",
        ("", "per s", *SPREAD),
        rows,
    )


def _narrow_bars(ours: Narrowed) -> list[Bar]:
    then = ours.at + FIRST_S
    first_ms = percentile(ages_of(ours.decoded, ours.at, then), 95)
    then_ms = percentile(ages_of(ours.decoded, then, ours.until), 95)
    return [
        Bar("narrow link, decoded, first 2 s, p95", first_ms, FIRST_MS),
        Bar("narrow link, decoded, then, p95", then_ms, THEN_MS),
        Bar(
            "narrow link used",
            ours.used_percent,
            USED_LEAST,
            unit="%",
            at_least=True,
        ),
        Bar("nine tenths of the old rate are back", ours.back_s, BACK_S, unit="s"),
    ]


def _presented(ours: Narrowed, lossy: Lossy) -> list[Bar]:
    """Return what a customer sees, playout included; printed only."""
    then = ours.at + FIRST_S
    series = ours.presented
    first_ms = percentile(ages_of(series, ours.at, then), 95)
    then_ms = percentile(ages_of(series, then, ours.until), 95)
    lossy_ms = percentile(lossy.presented_ms, 95)
    return [
        Bar("narrow link, presented, first 2 s, p95", first_ms, None, judged=False),
        Bar("narrow link, presented, then, p95", then_ms, None, judged=False),
        Bar("losses, presented, p95", lossy_ms, None, judged=False),
    ]


def _loss_bars(lossy: Lossy) -> list[Bar]:
    return [
        Bar("losses, decoded, p95", percentile(lossy.decoded_ms, 95), LOSSY_MS),
        Bar("losses, concealed", lossy.concealed_percent, CONCEALED_MOST, unit="%"),
        Bar(
            "losses, shown a second",
            lossy.shown_rate,
            SHOWN_LEAST,
            unit="/s",
            at_least=True,
        ),
    ]
