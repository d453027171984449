"""Sound and picture of one peer: together, one alone, one late, one gone."""

from __future__ import annotations

from kiosk.ports import PeerStarted
from tests.fakes.onlooker import Onlooker
from tests.fakes.sent_stream import pictures, sound


WITHOUT = PeerStarted("peer", with_picture=False)
WITH = PeerStarted("peer")


async def test_pictures_follow_the_sound() -> None:
    peer = await Onlooker.of(pictures(0, 5), sound(0, 5), until_s=5)
    offsets = peer.offsets_ms(0.5, 4.8)

    assert len(offsets) > 120
    assert -45 <= min(offsets)
    assert max(offsets) <= 40
    assert peer.longest_gap(0.3, 4.9) <= 0.05
    assert peer.concealed_ms == 0


async def test_after_a_stall_pictures_follow_the_sound_again() -> None:
    sent = [*pictures(0, 5), *sound(0, 5)]
    peer = await Onlooker.of([one.delayed(2.0, 2.3) for one in sent], until_s=5)
    offsets = peer.offsets_ms(2.4, 4.8)

    assert -45 <= min(offsets)
    assert max(offsets) <= 60
    assert peer.longest_gap(0.3, 4.9) <= 0.4


async def test_a_peer_without_sound_is_shown_at_once() -> None:
    peer = await Onlooker.of(pictures(0, 4), until_s=4)

    assert len(peer.seen) >= 117
    assert max(peer.ages_ms(0, 4)) <= 70
    assert [fact for _, fact in peer.facts] == [WITH]


async def test_a_peer_without_pictures_is_heard() -> None:
    peer = await Onlooker.of(sound(0, 4), until_s=4)

    assert peer.seen == []
    assert peer.longest_silence(0.3, 3.9) <= 0.02
    assert [fact for _, fact in peer.facts] == [WITHOUT]


async def test_sound_that_begins_late_costs_no_picture() -> None:
    peer = await Onlooker.of(pictures(0, 6), sound(2, 6))
    offsets = peer.offsets_ms(3, 5.8)

    assert peer.longest_gap(0.2, 5.9) <= 0.2
    assert -45 <= min(offsets)
    assert max(offsets) <= 40
    assert peer.concealed_ms == 0


async def test_a_picture_that_begins_late_is_shown_and_told() -> None:
    peer = await Onlooker.of(pictures(2, 6), sound(0, 6))
    offsets = peer.offsets_ms(2.3, 5.8)

    assert [fact for _, fact in peer.facts] == [WITHOUT, WITH]
    assert peer.seen[0].at <= 2.2
    assert -45 <= min(offsets)
    assert max(offsets) <= 40
    assert peer.concealed_ms == 0


async def test_sound_that_vanishes_leaves_the_pictures_running() -> None:
    peer = await Onlooker.of(pictures(0, 6), sound(0, 2), sound(4, 6))

    assert peer.longest_gap(0.3, 5.9) <= 0.2
    assert max(peer.ages_ms(2.8, 4.0)) <= 70
    assert peer.longest_silence(4.3, 5.9) <= 0.02
    assert max(peer.offsets_ms(5, 5.8)) <= 40
    assert peer.hidden == []


async def test_a_picture_that_vanishes_is_taken_away_and_comes_back() -> None:
    peer = await Onlooker.of(pictures(0, 1), pictures(4, 6), sound(0, 6))
    facts = [fact for _, fact in peer.facts]

    assert facts == [WITH, WITHOUT, WITH]
    assert len(peer.hidden) == 1
    assert 3.0 <= peer.hidden[0] <= 3.4
    assert peer.concealed_ms == 0
    assert peer.longest_gap(4.3, 5.9) <= 0.05
