"""Pictures that the display drops: the peer is there, and nothing counts as shown."""

from __future__ import annotations

from kiosk.display.headless import HeadlessDisplay
from kiosk.ports import Display, MediaFact, PeerStarted
from kiosk.ui.curtain import Curtain
from tests.fakes.receive_path import ReceivePath
from tests.fakes.sent_stream import BEGIN_US, coming, pictures
from tests.fakes.steady_clock import SteadyClock


def behind_a_curtain(clock: SteadyClock) -> Display:
    return Curtain(HeadlessDisplay(clock))


async def test_a_picture_that_is_dropped_is_received_and_not_shown() -> None:
    facts: list[MediaFact] = []
    path = ReceivePath(
        coming(pictures(0, 1), 1.2),
        begin=BEGIN_US,
        make_display=behind_a_curtain,
        on_fact=facts.append,
    )
    await path.run()

    assert path.counters.pictures_shown == 0
    assert path.counters.drops.hidden > 20
    assert facts[0] == PeerStarted("peer")
