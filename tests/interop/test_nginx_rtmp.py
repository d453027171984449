"""Our pusher and player, devices and all, through nginx with its RTMP module."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from kiosk.codec.beep import BeepMeter
from kiosk.ports import Distribution, Layer, Peer, PeerStarted
from tests.fakes.media_kit import MediaKit, until
from tests.fakes.strangers import nginx_rtmp


pytestmark = pytest.mark.e2e


async def test_picture_and_sound_go_through_nginx(tmp_path: Path) -> None:
    kit = MediaKit(sound_meter=BeepMeter(1000))
    async with nginx_rtmp(tmp_path) as port, AsyncExitStack() as stack:
        url = f"rtmp://127.0.0.1:{port}/live/kiosk-7?txSecret=ab&txTime=6a"
        pusher = kit.session.new_pusher(kit.facts.append)
        stack.push_async_callback(pusher.close)
        player = kit.session.new_player(kit.facts.append)
        stack.push_async_callback(player.close)

        await pusher.start(url)
        await player.play(Peer("kiosk", "Kiosk", url))
        await kit.fact(PeerStarted("kiosk"), 10.0)
        await until(lambda: player.stats[0].pictures_shown > 20, 10.0)
        await until(lambda: heard_beeps(player.stats[0].audio_latency_ms) > 1, 10.0)
        stats = player.stats[0]

        # The clock painted by the camera was read off the display.
        assert stats.video_latency_ms is not None
        assert stats.video_latency_ms.n > 10
        assert kit.display.count(Layer.BASE).shown > 20
    assert not kit.camera.is_open
    assert not kit.microphone.is_open
    assert not kit.speaker.is_open


async def test_a_stream_moves_to_another_name_on_nginx(tmp_path: Path) -> None:
    kit = MediaKit()
    async with nginx_rtmp(tmp_path) as port, AsyncExitStack() as stack:
        first, second = (f"rtmp://127.0.0.1:{port}/live/{name}" for name in "ab")
        pusher = kit.session.new_pusher(kit.facts.append)
        stack.push_async_callback(pusher.close)
        player = kit.session.new_player(kit.facts.append)
        stack.push_async_callback(player.close)
        await pusher.start(first)

        await pusher.republish(second)
        await player.play(Peer("kiosk", "Kiosk", second))

        await kit.fact(PeerStarted("kiosk"), 10.0)
        assert pusher.stats.reconnects == 1


def heard_beeps(latency: Distribution | None) -> int:
    return latency.n if latency else 0
