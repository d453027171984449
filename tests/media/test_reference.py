"""What was played is found again by the moment it was heard."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.media.reference import KEPT, Reference
from kiosk.ports import Micros, Period


BEGIN = 7_000_000


def sine(n_samples: int, first: int = 0, hz: float = 1000.0) -> bytes:
    at = (first + np.arange(n_samples)) / 48_000
    wave = np.rint(8000 * np.sin(2 * np.pi * hz * at)).astype("<i2")
    return bytes(wave.tobytes())


def played(n_periods: int, *, gap_after: int = -1, gap_us: int = 0) -> Reference:
    reference = Reference()
    at = BEGIN
    for i in range(n_periods):
        reference.played(Period(sine(480, i * 480), Micros(at)))
        at += 10_000 + (gap_us if i == gap_after else 0)
    return reference


def read_at(reference: Reference, moment: float, n_samples: int = 480) -> bytes:
    place = reference.place_of(moment)
    assert place is not None
    return reference.read(place, n_samples, 1.0)


def test_nothing_was_played_yet() -> None:
    assert Reference().place_of(BEGIN) is None


def test_a_moment_leads_to_the_samples_heard_then() -> None:
    reference = played(10)

    assert read_at(reference, BEGIN + 30_000) == sine(480, 3 * 480)
    assert read_at(reference, BEGIN + 35_000) == sine(480, 3 * 480 + 240)


def test_between_two_samples_it_is_read_almost_as_it_would_have_been_played() -> None:
    reference = played(10)
    got = np.frombuffer(reference.read(1000.37, 480, 1.0), "<i2").astype(float)
    wanted = 8000 * np.sin(2 * np.pi * 1000 * (1000.37 + np.arange(480)) / 48_000)

    assert np.abs(got - wanted).max() < 2


def test_read_a_little_faster_it_spans_as_much_more() -> None:
    reference = played(10)
    got = np.frombuffer(reference.read(480.0, 480, 1.001), "<i2").astype(float)
    at = (480 + 1.001 * np.arange(480)) / 48_000

    assert np.abs(got - 8000 * np.sin(2 * np.pi * 1000 * at)).max() < 2


def test_where_the_speaker_ran_dry_there_is_silence() -> None:
    reference = played(6, gap_after=2, gap_us=25_000)

    assert read_at(reference, BEGIN + 32_000, 960) == bytes(2 * 960)
    assert read_at(reference, BEGIN + 55_000) == sine(480, 3 * 480)


def test_what_is_not_yet_written_or_too_old_is_silence() -> None:
    reference = played(200)

    assert read_at(reference, BEGIN + 2_100_000) == bytes(960)
    assert reference.read(0.0, 480, 1.0) == bytes(960)
    assert reference.read(float(200 * 480 - KEPT + 2), 100, 1.0) != bytes(200)


def test_the_end_of_what_is_written_is_read_with_silence_behind() -> None:
    reference = played(3)
    got = reference.read(float(3 * 480 - 240), 480, 1.0)

    assert got[:470] == sine(480, 3 * 480 - 240)[:470]
    assert got[-470:] == bytes(470)


def test_a_speaker_opened_anew_begins_anew() -> None:
    reference = played(10)
    reference.played(Period(sine(480, 40_000), Micros(BEGIN + 20_000)))

    assert read_at(reference, BEGIN + 20_000) == sine(480, 40_000)
    assert read_at(reference, BEGIN + 9_000) == bytes(960)


def test_stamps_that_tremble_lose_nothing() -> None:
    reference = Reference()
    for i in range(20):
        trembling = 1_500 if i % 2 else -400
        at = Micros(BEGIN + i * 10_000 + trembling)
        reference.played(Period(sine(480, i * 480), at))

    assert reference.read(0.0, 9_600, 1.0)[2:-4] == sine(9_600)[2:-4]
    assert reference.place_of(BEGIN + 100_000) == pytest.approx(4_800, abs=80)


@pytest.mark.parametrize("n_samples", [480, 700, KEPT - 1, KEPT + 77])
def test_what_is_kept_has_no_seam_wherever_its_ring_ends(n_samples: int) -> None:
    reference = Reference()
    written = 0
    while written < 3 * KEPT:
        at = BEGIN + round(written * 1_000_000 / 48_000)
        reference.played(Period(sine(n_samples, written), Micros(at)))
        written += n_samples
    first = written - KEPT + 2

    assert reference.read(float(first), KEPT - 4, 1.0) == sine(KEPT - 4, first)
