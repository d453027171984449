"""The daemon fetches a fresh play URL when the player says that its own is used up."""

from __future__ import annotations

import pytest

from kiosk.call.states import State
from kiosk.errors import RoomUnreachable
from kiosk.ports import PeerLeft, PlayUrlUsedUp
from tests.daemon.running_kiosk import running_kiosk
from tests.fakes.paper_room import AGENT


async def test_a_used_up_play_url_is_replaced_by_a_fresh_one() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        player = kiosk.world.media.player
        assert player is not None
        player.on_fact(PlayUrlUsedUp(AGENT.user_id))
        fresh = f"rtmp://relay/live/{AGENT.user_id}?v=2&n=1"

        await kiosk.until(
            lambda: player.playing[AGENT.user_id][0].play_url == fresh, "renewed"
        )
        assert kiosk.state == State.IN_CALL.name


async def test_a_fresh_play_url_that_cannot_be_had_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        player = kiosk.world.media.player
        assert player is not None
        kiosk.world.room.fail("play_url", RoomUnreachable("no answer"))
        player.on_fact(PlayUrlUsedUp(AGENT.user_id))
        await kiosk.until(lambda: "no fresh play URL" in caplog.messages, "logged")

        assert player.playing[AGENT.user_id][0] == AGENT
        assert kiosk.state == State.IN_CALL.name


async def test_who_left_meanwhile_is_not_played_again() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.talk()
        player = kiosk.world.media.player
        assert player is not None
        player.on_fact(PlayUrlUsedUp(AGENT.user_id))
        kiosk.world.room.tell(PeerLeft(AGENT.user_id))
        await kiosk.until(lambda: "play_url" in kiosk.world.room.said, "asked")
        await kiosk.until(lambda: not player.playing, "stopped")

        assert not player.playing
