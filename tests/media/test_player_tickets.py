"""A player whose URL is good for a minute asks for a fresh one before each further try."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from kiosk.media.player import StreamPlayer
from kiosk.ports import Peer, PeerStarted, PlayLost, PlayUrlUsedUp
from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Permit, Refusal
from tests.fakes.media_kit import QUICK, MediaKit, until
from tests.fakes.proxy import Proxy, proxy


class TicketRelay:
    """A relay that lets each ticket play once, behind a proxy."""

    def __init__(self) -> None:
        self.good = {"v=2&n=1", "v=2&n=2"}
        self.shown: list[str] = []
        self.relay = Relay(
            authorize_publish=lambda app, name, query: lambda: "",
            authorize_play=self.judge,
            on_stream_started=lambda name: None,
            on_stream_ended=lambda name: None,
        )
        self.way: Proxy
        self.push_url = ""

    def judge(self, app: str, name: str, query: str) -> Permit | Refusal:
        self.shown.append(query)
        if query not in self.good:
            return Refusal("the key is expired")
        self.good.remove(query)
        return lambda: ""

    def peer(self, number: int, name: str = "a1") -> Peer:
        url = f"rtmp://{self.way.address}/live/{name}?v=2&n={number}"
        return Peer("agent", "Agent", url)


@asynccontextmanager
async def played(kit: MediaKit) -> AsyncIterator[tuple[TicketRelay, StreamPlayer]]:
    """Publish and play through it, until the first picture is there."""
    there = TicketRelay()
    sender = MediaKit()
    async with there.relay.serve("127.0.0.1", 0) as (host, port):
        with proxy(port) as there.way:
            pusher = sender.session.new_pusher(sender.facts.append)
            await pusher.start(f"rtmp://{host}:{port}/live/a1")
            player = kit.session.new_player(kit.facts.append)
            await player.play(there.peer(1))
            await kit.fact(PeerStarted)
            try:
                yield there, player
            finally:
                await player.close()
                await pusher.close()


async def test_a_lost_stream_is_played_on_with_a_fresh_url() -> None:
    kit = MediaKit()
    async with played(kit) as (there, player):
        shown = player.stats[0].pictures_shown
        there.way.reset()
        await kit.fact(PlayUrlUsedUp("agent"))
        await player.play(there.peer(2))
        await until(lambda: player.stats[0].pictures_shown > shown + 5)

    assert there.shown == ["v=2&n=1", "v=2&n=2"]
    assert sum(isinstance(fact, PlayLost) for fact in kit.facts) == 1


async def test_without_a_fresh_url_the_old_one_is_tried_and_another_asked_for() -> None:
    settings = replace(QUICK, play=replace(QUICK.play, url_s=0.1))
    kit = MediaKit(settings)
    async with played(kit) as (there, _):
        there.way.reset()
        await until(lambda: kit.facts.count(PlayUrlUsedUp("agent")) == 2)

    assert there.shown[:2] == ["v=2&n=1", "v=2&n=1"]


async def test_a_fresh_url_while_the_stream_plays_disturbs_nothing() -> None:
    kit = MediaKit()
    async with played(kit) as (there, player):
        before = dict(kit.session.progress())
        await player.play(there.peer(2))
        after = dict(kit.session.progress())
        there.way.reset()
        await kit.fact(PlayUrlUsedUp("agent"))

    assert before.keys() == after.keys()
    assert there.shown == ["v=2&n=1"]


async def test_a_url_without_a_ticket_is_simply_tried_again() -> None:
    kit = MediaKit()
    async with played(kit) as (there, player):
        there.good.add("txSecret=1")
        url = f"rtmp://{there.way.address}/live/a1?txSecret=1"
        await player.play(Peer("agent", "Agent", url))
        await until(lambda: len(there.shown) == 2)
        there.way.reset()
        await until(lambda: len(there.shown) == 3)
        await asyncio.sleep(0.1)

    assert PlayUrlUsedUp("agent") not in kit.facts
