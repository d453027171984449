"""
Four kiosks in one multi_room: does each show and hear the three others?

Real processes against one server on one machine, 320x180 at 20 pictures a second
(preset ``180p``), so that four encoders and twelve decoders fit on two cores.
Pictures are counted by the kiosks themselves; who is on a display is seen on
screenshots (the colour of the clothes and the painted clock of each tile), and who
is heard in what its loudspeaker played (everybody's voice is another tone).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import Bar, Number, Result, Table, percentile
from tests.bench.stage import cpu_s, open_stage, rss_mb
from tests.fakes.branch import wait_until
from tests.fakes.hearing import heard, tones_in
from tests.fakes.multi_party import VOICES, Attendee, gather
from tests.fakes.programs import Server


SECONDS, SECONDS_FULL = 60.0, 300.0
PICTURES_LEAST = 15.0
OTHERS = len(VOICES) - 1
_WARM_UP_S, _EACH_S = (
    4.0,
    5.0,
)  # a screenshot holds its kiosk up for a tenth of a second
_FRESH_S = 1.0


@dataclass(slots=True)
class Watch:
    """One kiosk over the seconds that count."""

    attendee: Attendee
    before: dict[str, Any]
    cpu_before_s: float
    looks: int = 0
    right_looks: int = 0
    ages_ms: list[float] = field(default_factory=list)

    @property
    def others(self) -> set[int]:
        return set(VOICES) - {self.attendee.person}

    def look(self) -> None:
        """Look at the display once."""
        tiles = self.attendee.sees(OTHERS)
        ages = [tile.age_s for tile in tiles if tile.age_s is not None]
        fresh = {age for age in ages if age < _FRESH_S}
        people = {tile.person for tile in tiles}
        self.looks += 1
        self.right_looks += people == self.others and len(fresh) == OTHERS
        self.ages_ms += [age * 1e3 for age in ages]


@dataclass(frozen=True, slots=True)
class Seat:
    """
    What one kiosk had of the call.

    Attributes:
        pictures: A second, by peer.
        latency_ms: 95th percentiles, painted to presented, by peer.
        heard: Share of the seconds in which exactly the others were heard.
        cpu_percent: Of one core.

    """

    person: int
    pictures: Sequence[float]
    latency_ms: Sequence[float]
    concealed_ms: float
    right_looks: float
    heard: float
    cpu_percent: float
    rss_mb: float


def run(*, full: bool) -> Result:
    seconds = SECONDS_FULL if full else SECONDS
    with open_stage() as stage:
        server = stage.start_server()
        everybody = gather(
            stage.branch,
            *VOICES,
            display={"size": "1280x720", "self_view": True},
            log={"level": "warning"},
        )
        wait_until(lambda: all(one.tells(OTHERS) for one in everybody), "all there")
        time.sleep(_WARM_UP_S)
        return _watched(everybody, server, seconds)


def _watched(everybody: Sequence[Attendee], server: Server, seconds: float) -> Result:
    server_before_s = cpu_s(server.pid)
    began = time.monotonic()
    watches = [
        Watch(one, one.party.status(), cpu_s(one.party.pid)) for one in everybody
    ]
    while time.monotonic() < began + seconds:
        time.sleep(_EACH_S)
        for watch in watches:
            watch.look()
    elapsed = time.monotonic() - began
    seats = [_seat(watch, elapsed) for watch in watches]
    server_percent = 100 * (cpu_s(server.pid) - server_before_s) / elapsed
    return _result(seats, elapsed, server_percent, rss_mb(server.pid))


def _seat(watch: Watch, elapsed_s: float) -> Seat:
    party = watch.attendee.party
    status = party.status()
    before = {play["user_id"]: play for play in watch.before["play"]}
    plays = [(before[play["user_id"]], play) for play in status["play"]]
    grown = [play["pictures_shown"] - old["pictures_shown"] for old, play in plays]
    late = [play["video_latency_ms"]["p95"] for _, play in plays]
    concealed = sum(play["concealed_ms"] - old["concealed_ms"] for old, play in plays)
    return Seat(
        watch.attendee.person,
        [pictures / elapsed_s for pictures in grown],
        late,
        concealed,
        watch.right_looks / watch.looks,
        _share_heard(watch, elapsed_s),
        100 * (cpu_s(party.pid) - watch.cpu_before_s) / elapsed_s,
        rss_mb(party.pid),
    )


def _share_heard(watch: Watch, seconds: float) -> float:
    """Return in how many of the last seconds exactly the others were heard."""
    whole = int(seconds)
    played = heard(watch.attendee.party.speaker, whole)
    wanted = {VOICES[person] for person in watch.others}
    second = played.size // whole
    right = [
        tones_in(played[at * second : (at + 1) * second], VOICES.values()) == wanted
        for at in range(whole)
    ]
    return sum(right) / whole


def _result(
    seats: Sequence[Seat], seconds: float, server_percent: float, server_mb: float
) -> Result:
    pictures = [rate for seat in seats for rate in seat.pictures]
    late = [p95 for seat in seats for p95 in seat.latency_ms]
    rows: list[Sequence[str | Number]] = [
        (
            f"kiosk {seat.person}",
            min(seat.pictures),
            max(seat.latency_ms),
            100 * seat.right_looks,
            100 * seat.heard,
            seat.concealed_ms,
            seat.cpu_percent,
            seat.rss_mb,
        )
        for seat in seats
    ]
    rows.append(("server", *[None] * 5, server_percent, server_mb))
    title = f"Four kiosks in a multi_room, 320x180@20, self-view, {seconds:.0f} s"
    header = (
        "each of the three others",
        "pictures/s least",
        "video p95 ms most",
        "3 right tiles %",
        "3 tones heard %",
        "concealed ms",
        "CPU %",
        "RSS MB",
    )
    return Result(
        "multi_room",
        [Table(title, header, rows)],
        [
            Bar(
                "pictures a second, the least of twelve",
                min(pictures, default=None),
                PICTURES_LEAST,
                unit="/s",
                at_least=True,
            ),
            Bar(
                "looks at a display with three other people and fresh clocks",
                100 * min(seat.right_looks for seat in seats),
                98.0,
                unit="%",
                at_least=True,
            ),
            Bar(
                "seconds in which the three other tones are heard, and no other",
                100 * min(seat.heard for seat in seats),
                98.0,
                unit="%",
                at_least=True,
            ),
        ],
        [f"video p95, the middle one of twelve: {percentile(late, 50) or 0:.0f} ms"],
        {"pictures": pictures, "video_p95_ms": late},
    )
