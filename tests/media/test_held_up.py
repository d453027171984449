"""A stream that is held up on its way: nothing old is shown as if it were of now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk.ports import MediaFact, PeerStarted, PlayLost
from tests.fakes.onlooker import Onlooker
from tests.fakes.sent_stream import BEGIN_US, Sent, pictures, sound


async def test_pictures_that_come_seconds_late_are_not_shown_and_it_is_told() -> None:
    sent = held_up([*pictures(0, 8), *sound(0, 8)], 1.5, 3.0, 5.0)
    peer = await Onlooker.of(sent, until_s=8)

    assert max(peer.ages_ms(0, 8)) <= 1_700
    assert len(peer.hidden) == 1
    assert peer.longest_gap(1.5, 5.1) > 1.4
    assert peer.path.counters.drops.old > 0
    assert told(peer) == [
        PeerStarted("peer"),
        PeerStarted("peer", with_picture=False),
        PeerStarted("peer"),
    ]
    assert max(peer.ages_ms(6.5, 7.9)) <= 700  # of now, with a long playout delay


async def test_a_delay_that_all_bear_hides_nothing() -> None:
    peer = await Onlooker.of(held_up([*pictures(0, 6), *sound(0, 6)], 1.5, 1.0, 6.0))

    assert peer.hidden == []
    assert told(peer) == [PeerStarted("peer")]
    assert peer.path.stream.stats().backlog_ms > 900


async def test_what_comes_late_for_ten_seconds_is_left_for_another_connection() -> None:
    late = held_up(sound(0, 13), 1.0, 3.0, 15.0)
    peer = Onlooker(late, 15.5)
    await peer.path.run()
    lost = [at for at, fact in peer.facts if isinstance(fact, PlayLost)]

    assert len(lost) == 1
    assert 10.9 <= lost[0] <= 14.2
    assert peer.path.links == 2


def held_up(
    sent: Sequence[Sent], begin_s: float, by_s: float, end_s: float
) -> list[Sent]:
    """
    Return a stream that slows down from a moment on until it is so late.

    It goes at a quarter of its pace; what waits at the end comes at once.
    """
    begin, end = (BEGIN_US + round(s * 1_000_000) for s in (begin_s, end_s))
    by_us = round(by_s * 1_000_000)

    def there(one: Sent) -> int:
        late_us = min(by_us, max(0, 3 * (one.there - begin)))
        return max(one.there, min(one.there + late_us, end))

    return [replace(one, there=there(one)) for one in sent]


def told(peer: Onlooker) -> list[MediaFact]:
    return [fact for _, fact in peer.facts]
