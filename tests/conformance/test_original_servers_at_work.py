"""
The original servers, unmodified: our client in their rooms, our recordings true.

They are skipped where nobody has fetched them; see ``originals.py`` beside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import RoomFull
from kiosk.ports import NoSeat, PeerJoined, PeerLeft, RoomClosed, RoomNotice, Seat
from kiosk.room import messages as msg
from kiosk.room.conversation import Identity
from kiosk.room.messages import Dialect, RoomType
from kiosk.room.session import Wanted
from kiosk.room.stream_url import StreamKey, refusal_of, stream_of
from kiosk.roomclient import HttpExchange, HttpRoomService, new_room_service
from kiosk.roomserver.mixing import INTERFACE, MixingAccount, signed_url
from tests.conformance.originals import LIVE, Original, find_original, running_original
from tests.fakes.replay import Json, Replay, recorded, same_fields
from tests.fakes.soon import soon


RECORDED = recorded("rtcroom_double_room.json") | recorded("rtcroom_other_routes.json")
VARIES = {
    "login info, prefix weixin + code -> openid": "WeChat's answer is ours, not openid",
}
"""Cases whose answer depends on something that is not the original's own."""
PATIENCE_S = 8.0
EVERY_TYPE = pytest.mark.parametrize("room_type", list(RoomType))
Answer = TypeVar("Answer")


def an_original(dialect: Dialect, scratch: Path) -> AbstractContextManager[Original]:
    """Return an original to run, or skip."""
    source = find_original(dialect)
    if source is None:
        pytest.skip("needs node and the original servers, ORIGINALS=DIR")
    return running_original(dialect, source, scratch)


@pytest.fixture(params=list(Dialect), ids=lambda dialect: dialect.value)
def original(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Original]:
    """Each original server in turn, freshly started."""
    with an_original(request.param, tmp_path) as running:
        yield running


@pytest.fixture
def original_v2(tmp_path: Path) -> Iterator[Original]:
    """The second generation, freshly started."""
    with an_original(Dialect.V2, tmp_path) as running:
        yield running


@pytest.mark.parametrize("section", list(RECORDED))
async def test_an_original_answers_as_it_was_recorded(
    section: str, tmp_path: Path
) -> None:
    with an_original(Dialect(section.partition("/")[0]), tmp_path) as running:
        async with httpx.AsyncClient(base_url=running.url) as client:

            async def sign(user: str) -> str:
                path = "/weapp/utils/get_login_info"
                answer = await client.get(path, params={"userID": user})
                return str(answer.json()["userSig"])

            server = Replay(client, sign, fresh_urls=False)
            for one in RECORDED[section]:
                case = str(one["case"])
                expected = cast("Json", cast("Json", one["response"])["json"])
                _, answer = await server.exchange(one)
                if case not in VARIES:
                    assert answer.get("code") == expected.get("code"), (case, answer)
                    assert answer.get("message") == expected.get("message"), case
                    same_fields(expected, answer, case)


class Party:
    """Our client at an original server, and what it was told."""

    def __init__(self, service: HttpRoomService) -> None:
        self.service = service
        self.told: list[RoomNotice] = []

    async def enter(self) -> str:
        """Find a seat, pretend to publish, take it."""
        seat = await self.service.find_seat()
        assert isinstance(seat, Seat), seat
        return await self.service.take_seat(seat, self.told.append)

    async def hears(self, matches: Callable[[RoomNotice], bool]) -> RoomNotice:
        """Wait for a notice."""
        await soon(lambda: any(map(matches, self.told)), PATIENCE_S)
        return next(filter(matches, self.told))


@asynccontextmanager
async def party(
    original: Original,
    name: str,
    room_type: RoomType,
    *,
    create: bool = False,
    capacity: int = 2,
) -> AsyncIterator[Party]:
    """Return a party that wants into the room "desk"."""
    service = new_room_service(
        original.url,
        Identity(name.title(), name),
        Wanted(("desk",), create=create, capacity=capacity),
        MonotonicClock(),
        room_type=room_type,
    )
    async with service:
        yield Party(service)
        await service.leave()


@EVERY_TYPE
async def test_two_of_our_clients_meet_at_an_original_server(
    original: Original, room_type: RoomType
) -> None:
    async with (
        party(original, "agent", room_type, create=True) as agent,
        party(original, "kiosk", room_type) as kiosk,
    ):
        room_id = await agent.enter()
        assert await kiosk.enter() == room_id
        joined = await agent.hears(lambda notice: isinstance(notice, PeerJoined))
        await kiosk.hears(lambda notice: isinstance(notice, PeerJoined))

        assert isinstance(joined, PeerJoined)
        assert joined.peer.name == "Kiosk"
        key, url = StreamKey(str(LIVE["pushSecretKey"]).encode()), joined.peer.play_url
        now = MonotonicClock().wall_s()
        assert refusal_of(key, stream_of(url), urlsplit(url).query, now) is None
        await kiosk.service.leave()
        await agent.hears(lambda notice: isinstance(notice, PeerLeft))
    await soon(lambda: "destroy_group" in original.im_commands())
    assert "create_group" in original.im_commands()


@EVERY_TYPE
async def test_an_original_room_ends_for_us_as_its_generation_has_it(
    original: Original, room_type: RoomType
) -> None:
    async with (
        party(original, "agent", room_type, create=True) as agent,
        party(original, "kiosk", room_type) as kiosk,
    ):
        await agent.enter()
        await kiosk.enter()
        await kiosk.hears(lambda notice: isinstance(notice, PeerJoined))
        await agent.service.leave()
        stays = original.dialect is Dialect.V2 and room_type is not RoomType.LIVE

        kind = PeerLeft if stays else RoomClosed
        await kiosk.hears(lambda notice: isinstance(notice, kind))


@EVERY_TYPE
async def test_an_original_room_has_the_seats_we_think_it_has(
    original: Original, room_type: RoomType
) -> None:
    seats = room_type.usual_capacity
    async with AsyncExitStack() as stack:
        parties = [
            await stack.enter_async_context(
                party(
                    original,
                    f"user{number}",
                    room_type,
                    create=number == 0,
                    capacity=seats + 1,
                )
            )
            for number in range(seats + 1)
        ]
        for one in parties[:seats]:
            await one.enter()

        with pytest.raises(RoomFull):
            await parties[seats].enter()


async def test_a_full_original_room_is_seen_to_be_full(original: Original) -> None:
    async with (
        party(original, "agent", RoomType.DOUBLE, create=True) as agent,
        party(original, "kiosk", RoomType.DOUBLE) as kiosk,
        party(original, "late", RoomType.DOUBLE) as late,
    ):
        await agent.enter()
        await kiosk.enter()

        assert await late.service.find_seat() == NoSeat("full")


class Asker:
    """Asks an original single requests, logged in."""

    def __init__(self, exchange: HttpExchange, user: str) -> None:
        self._exchange = exchange
        self.user = user
        self._credentials: msg.Credentials | None = None

    async def log_in(self) -> None:
        """Log in as a v2 client does."""
        account = await self._exchange.ask(msg.GetLoginInfo(self.user), None, 5.0)
        login = msg.Login(
            str(account.sdk_app_id), account.account_type, self.user, account.user_sig
        )
        token = (await self._exchange.ask(login, None, 5.0)).token
        self._credentials = msg.Credentials(self.user, token)

    async def ask(self, request: msg.Request[Answer]) -> Answer:
        """Ask in live_room."""
        return await self._exchange.ask(request, self._credentials, 5.0, RoomType.LIVE)


@asynccontextmanager
async def on_the_air(original: Original) -> AsyncIterator[tuple[Asker, str]]:
    """Return a host with a room of its own and its stream."""
    exchange = HttpExchange(original.url)
    try:
        host = Asker(exchange, "host")
        await host.log_in()
        await host.ask(msg.CreateRoom("host", "Show", "show"))
        url = (await host.ask(msg.GetPushUrl("host"))).push_url
        await host.ask(msg.AddPusher("show", "host", "Host", url))
        yield host, stream_of(url)
    finally:
        await exchange.aclose()


async def test_what_only_live_rooms_have_is_asked_as_an_original_wants_it(
    original_v2: Original,
) -> None:
    async with on_the_air(original_v2) as (host, _):
        increase = msg.SetCustomField("show", "likes", msg.FieldChange.INCREASE)
        await host.ask(increase)
        await host.ask(msg.AddAudience("show", "host", "watching"))

        custom = await host.ask(msg.GetCustomInfo("show"))
        audience = await host.ask(msg.GetAudiences("show"))
        listed = (await host.ask(msg.GetRoomList())).rooms[0]
        await host.ask(msg.DeleteAudience("show", "host"))
        empty = await host.ask(msg.GetAudiences("show"))
    assert custom == msg.CustomFields('{"likes":1}')
    assert audience == msg.Audience(1, (msg.Watcher("host", "watching"),))
    assert listed.audience_count == 1
    assert empty == msg.Audience(0, ())


async def test_our_call_to_the_mixing_interface_is_the_originals(
    original_v2: Original,
) -> None:
    async with on_the_air(original_v2) as (host, stream):
        params: msg.Wire = {
            "timestamp": 1,
            "eventId": 1,
            "interface": {
                "interfaceName": "Mix_StreamV2",
                "para": {"interface": INTERFACE, "output_stream_id": stream},
            },
        }
        mixed = await host.ask(msg.MergeStream("show", "host", params))
    theirs = original_v2.cloud_calls()[-1]
    query = parse_qs(urlsplit(theirs["url"]).query)
    account = MixingAccount(int(str(LIVE["appID"])), str(LIVE["APIKey"]))
    ours = urlsplit(signed_url(account, INTERFACE, int(query["t"][0])))

    assert mixed.result["code"] == 0
    assert theirs["method"] == "POST"
    assert urlsplit(theirs["url"]).path == ours.path
    assert theirs["host"] == ours.hostname
    assert parse_qs(ours.query) == query
    assert msg.parse_json(theirs["body"].encode()) == params
