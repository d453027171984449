"""Rings of a roll-out over a fleet of two thousand, and no way back in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.errors import NotAsSigned
from kiosk.signed.rollout import is_in_ring, place_of, refuse_older
from tests.signed.signer import CREATED, manifest_of


FLEET = [f"10000000{number:08x}" for number in range(2000)]


def ring(percent: int, bundle_id: str = "spring") -> set[str]:
    manifest = manifest_of(id=bundle_id, ring=percent)
    return {serial for serial in FLEET if is_in_ring(serial, manifest)}


def test_a_ring_is_about_its_share_of_the_fleet() -> None:
    assert 5 <= len(ring(1)) <= 40
    assert 150 <= len(ring(10)) <= 250
    assert len(ring(100)) == len(FLEET)


def test_nobody_is_in_a_ring_that_is_halted() -> None:
    assert ring(0) == set()


def test_who_was_in_a_small_ring_is_in_every_larger_one() -> None:
    assert ring(1) < ring(10) < ring(50) < ring(100)


def test_the_next_bundle_begins_with_others() -> None:
    first, second = ring(10), ring(10, "summer")

    assert len(first & second) < len(first) / 2


def test_a_place_is_the_same_at_every_look() -> None:
    # Fixed for ever: another answer would move devices between rings in mid roll-out.
    assert place_of("10000000abcdef01", "spring") == 18


def test_what_is_newer_or_the_same_passes() -> None:
    refuse_older(manifest_of(), None)
    refuse_older(manifest_of(), CREATED)
    refuse_older(manifest_of(), CREATED - timedelta(days=1))


def test_what_is_older_than_what_was_seen_is_refused() -> None:
    with pytest.raises(NotAsSigned, match="one of 2026-11-28T14:00:01"):
        refuse_older(manifest_of(), CREATED + timedelta(seconds=1))


def test_what_is_older_passes_when_somebody_signed_that_it_may() -> None:
    refuse_older(manifest_of(allow_older=True), CREATED + timedelta(days=1))
