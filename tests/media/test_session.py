"""Whole rounds of pushing and playing in one process."""

from __future__ import annotations

import gc
from dataclasses import replace

from kiosk.ports import Layer, Peer, PeerStarted, Rect
from tests.fakes.leaks import held
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, until


ROUNDS = 50


def _is_within(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Fewer is no leak: something older was collected."""
    return now[0] <= before[0] and now[1] <= before[1]


def _top_left(display: tuple[int, int], picture: tuple[int, int]) -> Rect:
    return Rect(0, 0, *picture)


async def test_fifty_rounds_leave_no_thread_and_no_descriptor() -> None:
    kit = MediaKit()
    kit.session.preload()
    async with open_relay() as (relay, host, port):
        before = (0, 0)
        for number in range(ROUNDS):
            url = f"rtmp://{host}:{port}/live/k{number}"
            pusher = kit.session.new_pusher(kit.facts.append)
            player = kit.session.new_player(kit.facts.append)
            await pusher.start(url)
            await player.play(Peer("agent", "Agent", url))
            if number % 10 == 0:
                kit.facts.clear()
                await kit.fact(PeerStarted)
            await player.close()
            await pusher.close()
            await until(lambda: not relay.stats())
            if number == 0:
                gc.collect()
                before = held()
        gc.collect()
        await until(lambda: _is_within(held(), before))

        assert kit.session.progress() == {}


async def test_every_running_thread_makes_progress() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await player.play(Peer("agent", "Agent", url))
        first = dict(kit.session.progress())
        await until(
            lambda: all(
                count > first[name] for name, count in kit.session.progress().items()
            )
        )
        await player.close()
        await pusher.close()

    names = {name.split("#")[0] for name in first}
    assert names == {"mic", "sender", "receiver", "playout", "render"}


async def test_the_self_view_is_shown_while_the_camera_is_open_and_not_after() -> None:
    kit = MediaKit(replace(QUICK, self_view=_top_left))
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: kit.display.newest(Layer.PIP) is not None)
        await pusher.close()

    assert kit.display.newest(Layer.PIP) is None


async def test_what_was_sent_is_counted() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        await until(lambda: pusher.stats.pictures_sent > 5)
        stats = pusher.stats
        await pusher.close()

    assert stats.bytes_sent > 0
    assert stats.bitrate >= QUICK.bitrate
    assert not stats.muted
