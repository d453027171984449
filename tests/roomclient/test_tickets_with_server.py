"""Our client and our server: stream URLs with tickets, fetched anew, told once."""

from __future__ import annotations

import pytest

from kiosk.errors import NotAMember, RoomError
from kiosk.ports import PeerJoined, PeerMoved
from kiosk.room.messages import Dialect
from kiosk.room.stream_ticket import is_ticket
from kiosk.roomserver.key_terms import KeyStyle, KeyTerms
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.gate_answers import admitted, refused
from tests.fakes.room_world import RoomWorld, settle


def plays(world: RoomWorld, url: str) -> str:
    """Return why a URL plays nothing, or an empty text."""
    asked = RtmpUrl.parse(url)
    answer = world.gate.authorize_play(asked.app, asked.name, asked.query)
    return "" if callable(answer) else refused(answer)


@pytest.mark.parametrize(
    ("style", "dialect", "tickets"),
    [
        (KeyStyle.BOTH, Dialect.V2, True),
        (KeyStyle.TICKETS, None, True),
        (KeyStyle.TENCENT, Dialect.V2, False),
        (KeyStyle.BOTH, Dialect.V1, False),
    ],
)
async def test_our_client_takes_tickets_wherever_there_are_any(
    style: KeyStyle, dialect: Dialect | None, tickets: bool
) -> None:
    world = RoomWorld(ServerSettings(keys=KeyTerms(style=style)))
    async with (
        world.party("agent", "desk", create=True, dialect=dialect) as agent,
        world.party("kiosk", "desk", dialect=dialect) as kiosk,
    ):
        await agent.enter()
        await kiosk.enter()
        await settle()

        assert isinstance(kiosk.told[0], PeerJoined)
        pull = kiosk.told[0].peer.play_url
        urls = [pull, await kiosk.service.new_push_url()]
        assert [is_ticket(url.partition("?")[2]) for url in urls] == [tickets] * 2
        assert plays(world, pull) == ""


async def test_a_play_url_is_fetched_anew_and_nobody_is_told_that_a_peer_moved() -> (
    None
):
    world = RoomWorld()
    async with (
        world.party("agent", "desk", create=True) as agent,
        world.party("kiosk", "desk") as kiosk,
    ):
        await agent.enter()
        await kiosk.enter()
        await settle()
        first = kiosk.told[0]
        assert isinstance(first, PeerJoined)
        await world.pass_by(200.0)
        late = plays(world, first.peer.play_url)
        fresh = await kiosk.service.play_url("agent")
        await world.pass_by(30.0)

        assert late == "the key is expired"
        asked = RtmpUrl.parse(fresh)
        admitted(world.gate.authorize_play(asked.app, asked.name, asked.query))
        assert not any(isinstance(told, PeerMoved) for told in kiosk.told)


async def test_who_has_no_seat_or_no_peer_fetches_no_play_url() -> None:
    settings = ServerSettings(creator_leaves=CreatorLeaves.STAY)
    world = RoomWorld(settings)
    async with world.party("agent", "desk", create=True) as agent:
        with pytest.raises(NotAMember):
            await agent.service.play_url("kiosk")
        await agent.enter()
        with pytest.raises(RoomError):
            await agent.service.play_url("kiosk")
