"""
Stolen, old, forged and misused keys at the real relay (``reliability.md`` S07).

Twelve attacks with either form of key, over real sockets; then what only tickets
can promise.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.key_terms import KeyTerms
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.client import PlayClient, PublishClient
from kiosk.rtmp.events import Refused, VideoTag
from kiosk.rtmp.handshake import RANDOM_BYTES
from kiosk.rtmp.url import RtmpUrl
from tests.fakes.room_server import Member, members_of, running_server
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    VIDEO_CONFIG,
    SocketClient,
    dialled,
    playing,
    publishing,
)


PASSWORD = "fedcba9876543210"
FORMS = pytest.mark.parametrize("tickets", [True, False], ids=["v2", "tencent"])
PUSH, PLAY = PublishClient, PlayClient
Kind = type[PublishClient | PlayClient]
Attack = Callable[["Scene"], Awaitable[tuple[Kind, str]]]


@dataclass
class Scene:
    """A room with two members; neither publishes yet."""

    agent: Member
    kiosk: Member
    http_url: str
    push: str
    """The kiosk's push URL."""
    pull: str
    """Where the agent plays the kiosk."""
    clock: list[float] = field(default_factory=lambda: [0.0])
    """By how much the server's wall clock is moved."""
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def move_clock(self, seconds: float) -> None:
        self.clock[0] += seconds

    async def order(self, path: str) -> None:
        """Ask for something as an operator."""
        async with httpx.AsyncClient(base_url=self.http_url) as client:
            answer = await client.post(
                path, headers={"authorization": f"Bearer {PASSWORD}"}
            )
        assert answer.status_code == 200


@asynccontextmanager
async def scene(
    *, tickets: bool, keys: KeyTerms | None = None
) -> AsyncGenerator[Scene]:
    moved = [0.0]
    clock = ServerClock(time.monotonic, lambda: time.time_ns() / 1e9 + moved[0])
    settings = ServerSettings(
        http_port=0,
        rtmp_port=0,
        keys=keys or KeyTerms(),
        operators_password=PASSWORD.encode(),
    )
    async with (
        running_server(settings, clock) as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
        AsyncExitStack() as stack,
    ):
        agent.tickets = kiosk.tickets = tickets
        await agent.create()
        push = await kiosk.join()
        pull = await agent.play_url("kiosk")
        yield Scene(agent, kiosk, at.http_url, push, pull, moved, stack)


async def refusal(kind: Kind, url: str) -> str:
    """Return why the relay refuses a URL."""
    parsed = RtmpUrl.parse(url)
    client = kind(parsed, secrets.token_bytes(RANDOM_BYTES))
    async with dialled(client, parsed) as wired:
        return (await wired.wait_for(Refused)).description


def swapped(url: str, key_of: str) -> str:
    """Return a URL with the key of another."""
    return f"{url.partition('?')[0]}?{key_of.partition('?')[2]}"


# -- the attacks ----------------------------------------------------------------


async def push_with_a_play_key(at: Scene) -> tuple[Kind, str]:
    return PUSH, at.pull


async def play_with_a_push_key(at: Scene) -> tuple[Kind, str]:
    return PLAY, at.push


async def use_an_expired_key(at: Scene) -> tuple[Kind, str]:
    at.move_clock(24 * 3600 + 24 * 1800 + 90 + 1)
    return PUSH, at.push


async def use_a_key_of_the_future(at: Scene) -> tuple[Kind, str]:
    at.move_clock(-7 * 24 * 3600)
    return PLAY, at.pull


async def use_the_key_of_another_member(at: Scene) -> tuple[Kind, str]:
    return PUSH, swapped(at.push, await at.agent.push_url())


async def use_the_key_of_another_room(at: Scene) -> tuple[Kind, str]:
    await at.agent.create("other")
    return PLAY, swapped(at.pull, await at.agent.play_url("agent", "other"))


async def use_the_key_of_an_old_room(at: Scene) -> tuple[Kind, str]:
    await at.agent.ask(msg.DestroyRoom("desk", "agent"))
    await at.agent.create()
    await at.kiosk.join()
    return PLAY, at.pull


async def flip_a_bit(at: Scene) -> tuple[Kind, str]:
    mark = "sig=" if "sig=" in at.push else "txSecret="
    place = at.push.index(mark) + len(mark)
    flipped = "1" if at.push[place] == "0" else "0"
    return PUSH, at.push[:place] + flipped + at.push[place + 1 :]


async def push_while_the_key_is_in_use(at: Scene) -> tuple[Kind, str]:
    publisher = await at.stack.enter_async_context(publishing(at.push))
    publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
    return PUSH, at.push


async def push_after_leaving(at: Scene) -> tuple[Kind, str]:
    await at.kiosk.ask(msg.DeletePusher("desk", "kiosk"))
    return PUSH, at.push


async def play_after_the_end(at: Scene) -> tuple[Kind, str]:
    await at.agent.ask(msg.DestroyRoom("desk", "agent"))
    return PLAY, at.pull


async def forge_as_in_finding_2(at: Scene) -> tuple[Kind, str]:
    """Move a character from the stream's name over the field's border."""
    name = stream_of(at.push)
    url = at.push.replace(f"/{name}?", f"/{name[:-1]}?").replace(name, name[:-1])
    return PUSH, url.replace("txTime=", f"txTime={name[-1]}").replace(
        "&sub=", f"&sub={name[-1]}"
    )


WRONG = "the key is wrong"
ELSE = "the key is for something else"
GONE = "the stream was not issued, or its seat was given up"
MALFORMED = "the key is missing or malformed"
ATTACKS: dict[Attack, tuple[str, str]] = {
    # what a ticket is refused with, and a key of the originals' form
    push_with_a_play_key: (ELSE, WRONG),
    play_with_a_push_key: (ELSE, WRONG),
    use_an_expired_key: ("the key is expired", "the key is expired"),
    use_a_key_of_the_future: (
        "the key is not good yet",
        "the key ends too far in the future",
    ),
    use_the_key_of_another_member: (ELSE, WRONG),
    use_the_key_of_another_room: (ELSE, WRONG),
    use_the_key_of_an_old_room: (GONE, GONE),
    flip_a_bit: (WRONG, WRONG),
    push_while_the_key_is_in_use: (
        "the key was used before",
        "somebody publishes under this name already",
    ),
    push_after_leaving: (GONE, GONE),
    play_after_the_end: (GONE, GONE),
    forge_as_in_finding_2: ("the key is malformed", MALFORMED),
}


@FORMS
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: str(attack.__name__))
async def test_a_misused_key_opens_nothing(attack: Attack, tickets: bool) -> None:
    async with scene(tickets=tickets) as at:
        kind, url = await attack(at)

        reason = await refusal(kind, url)

    assert reason == ATTACKS[attack][0 if tickets else 1]


@FORMS
async def test_a_right_key_of_either_form_carries_a_picture(tickets: bool) -> None:
    async with (
        scene(tickets=tickets) as at,
        publishing(at.push) as publisher,
        playing(at.pull) as player,
    ):
        assert ("v=2" in at.push, "v=2" in at.pull) == (tickets, tickets)
        publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)

        await player.wait_for_video(1)


# -- what only tickets promise --------------------------------------------------


@asynccontextmanager
async def streaming(at: Scene) -> AsyncGenerator[tuple[SocketClient, SocketClient]]:
    """Publish as the kiosk, play as the agent."""
    async with publishing(at.push) as publisher, playing(at.pull) as player:
        publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
        await player.wait_for_video(1)
        yield publisher, player


async def test_a_push_ticket_pushes_once_also_when_the_first_push_is_over() -> None:
    async with scene(tickets=True) as at:
        async with publishing(at.push):
            pass

        assert await refusal(PUSH, at.push) == "the key was used before"


async def test_a_member_who_leaves_ends_its_stream_within_a_second() -> None:
    async with scene(tickets=True) as at, streaming(at) as (publisher, player):
        await at.kiosk.ask(msg.DeletePusher("desk", "kiosk"))

        await publisher.wait_for_end(1.0)
        await player.wait_for_end(1.0)


async def test_a_player_who_leaves_is_cut_and_the_others_play_on() -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0, capacity=3)
    async with (
        running_server(settings) as (at, _),
        members_of(at, "agent", "kiosk", "third") as members,
    ):
        agent, kiosk, third = members
        for member in members:
            member.tickets = True
        push = await agent.create()
        await kiosk.join()
        await third.join()
        pull = await kiosk.play_url("agent")
        async with (
            publishing(push) as publisher,
            playing(pull) as leaver,
            playing(await third.play_url("agent")) as stays,
        ):
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
            await leaver.wait_for_video(1)
            await kiosk.ask(msg.DeletePusher("desk", "kiosk"))

            await leaver.wait_for_end(1.0)
            publisher.send(40, IDR)
            await stays.wait_for_video(2)
        over = await refusal(PLAY, pull)
    assert over == "only members may play"


async def test_a_destroyed_room_ends_its_streams_within_a_second() -> None:
    async with scene(tickets=True) as at, streaming(at) as (publisher, player):
        await at.agent.ask(msg.DestroyRoom("desk", "agent"))

        await publisher.wait_for_end(1.0)
        await player.wait_for_end(1.0)


async def test_a_new_key_drops_no_call() -> None:
    async with scene(tickets=True) as at, streaming(at) as (publisher, player):
        await at.order("/keys/rotate")
        publisher.send(40, IDR)
        await player.wait_for_video(2)

        async with (
            playing(at.pull) as old,
            playing(await at.agent.play_url("kiosk")) as new,
        ):
            publisher.send(80, IDR)
            await old.wait_for_video(1)
            await new.wait_for_video(1)
            await player.wait_for_video(3)


async def test_a_revoked_key_ends_its_streams_and_the_call_comes_back() -> None:
    async with scene(tickets=True) as at:
        async with streaming(at) as (publisher, player):
            await at.order("/keys/revoke")

            await publisher.wait_for_end(1.0)
            await player.wait_for_end(1.0)
        assert await refusal(PLAY, at.pull) == "the key was revoked"
        async with (
            publishing(await at.kiosk.join()) as publisher,
            playing(await at.agent.play_url("kiosk")) as player,
        ):
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
            await player.wait_for_video(1)


@FORMS
async def test_a_stream_has_to_prove_itself_again_when_its_time_is_up(
    tickets: bool,
) -> None:
    keys = KeyTerms(session_s=0.5, rotate_s=0)
    async with scene(tickets=tickets, keys=keys) as at:
        async with publishing(at.push) as publisher:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)

            await publisher.wait_for_end(3.0)
        async with publishing(await at.kiosk.join()):
            room = await at.agent.ask(msg.GetPushers("desk"))

        assert [one.user_id for one in room.members] == ["agent", "kiosk"]
        assert publisher.count(VideoTag) == 0
