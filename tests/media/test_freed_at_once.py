"""What a call held goes with the call, not with the next full collection."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from kiosk.ports import Peer, PeerStarted
from tests.fakes.media_kit import MediaKit, open_relay, until


@pytest.fixture
def without_the_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_the_collector")
async def test_a_closed_pusher_and_player_are_freed_without_a_collection() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await player.play(Peer("agent", "Agent", url))
        await kit.fact(PeerStarted)
        await player.close()
        await pusher.close()
        no_pusher, no_player = weakref.ref(pusher), weakref.ref(player)

        del pusher, player

        await until(lambda: no_pusher() is None and no_player() is None)
