"""
A million broken units through the receive path: nothing may die, hang or grow.

Units of our encoders and of ffmpeg, each wrong in its own way, from the bytes of
the connection to the ear and the eye (``tests/fuzz``), in a child that may die.
"""

from __future__ import annotations

from tests.bench.report import Bar, Number, Result, Table
from tests.fuzz.campaign import Campaign, campaign


UNITS, UNITS_FULL = 100_000, 1_000_000
SEED = 20261128
GROWN_MOST_MB = 8.0


def run(*, full: bool) -> Result:
    found = campaign(UNITS_FULL if full else UNITS, SEED)
    return Result(
        "fuzz",
        [_kinds(found), _reached(found)],
        [
            Bar("crashes", found.crashes, 0, unit=""),
            Bar("hangs", found.hangs, 0, unit=""),
            Bar("growth", found.grown_mb, GROWN_MOST_MB, unit="MB"),
        ],
        notes=[
            f"seed {SEED}; {found.units / found.seconds:.0f} units a second",
            *(f"unit {d.number}: status {d.status}: {d.words}" for d in found.deaths),
        ],
        numbers={"memory_kb": found.memory_kb, "descriptors": found.descriptors},
    )


def _kinds(found: Campaign) -> Table:
    rows: list[tuple[str | Number, ...]] = [*found.kinds.most_common()]
    rows.append(("all", found.units))
    return Table("Broken units by kind", ("", "units"), rows)


def _reached(found: Campaign) -> Table:
    reached = found.reached
    rows: list[tuple[str | Number, ...]] = [
        ("connections that broke off", reached["connections"] - 1),
        ("conversations a server refused", reached["refused_by_server"]),
        ("pictures to the decoder", reached["decoded"]),
        ("of them an error", reached["damaged"]),
        ("pictures shown", reached["shown"]),
        ("seconds heard", reached["heard_ms"] / 1000),
        ("seconds concealed", reached["concealed_ms"] / 1000),
        ("resident at the first look, MB", found.memory_kb[0] / 1024),
        ("resident at the last look, MB", found.memory_kb[-1] / 1024),
        ("most resident, MB", max(found.memory_kb) / 1024),
        ("open files, first and last", found.descriptors[0]),
        ("", found.descriptors[-1]),
    ]
    return Table("How far they came, and what it cost", ("", ""), rows)
