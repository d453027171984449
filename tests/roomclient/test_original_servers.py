"""
Our client against the recorded answers of both original servers.

The order of calls is the one protocol 7.1 gives; every request has exactly the
fields the originals were asked with when the answer was recorded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from typing_extensions import override

from kiosk.errors import RoomFull, RoomNotFound, RoomRefused
from kiosk.ports import NoSeat, PeerJoined, PeerLeft, RoomClosed, RoomNotice, Seat
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.session import RoomSession, Wanted
from kiosk.roomclient import HttpExchange, HttpRoomService
from tests.fakes.room_world import VirtualTime, settle


RECORDED = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_double_room.json").read_text("utf-8")
)
UNKNOWN_ROUTE = {"code": 0, "data": {}}
LOGIN_INFO = {
    "code": 0,
    "message": "请求成功",
    "userID": "bob",
    "sdkAppID": 1400012345,
    "accType": "12345",
    "userSig": "eJxNjV0L",
}


class Original(httpx.AsyncBaseTransport):
    """Plays recorded answers; each case is named as in the recording."""

    def __init__(self, section: str, **cases: str | list[str]) -> None:
        self.asked: list[str] = []
        self.mistakes: list[str] = []
        self._recorded = {one["case"]: one for one in RECORDED[section]}
        self._cases = {
            route: case if isinstance(case, list) else [case]
            for route, case in cases.items()
        }
        self._is_v2 = section.startswith("v2")

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        route = request.url.path.rsplit("/", 1)[-1]
        self.asked.append(route)
        answer = self._answer(route, request)
        stream = httpx.ByteStream(json.dumps(answer, ensure_ascii=False).encode())
        return httpx.Response(200, stream=stream)

    def _answer(self, route: str, request: httpx.Request) -> Any:
        if route == "get_login_info":
            return LOGIN_INFO if self._is_v2 else UNKNOWN_ROUTE
        if route not in self._cases:
            return UNKNOWN_ROUTE
        cases = self._cases[route]
        exchange = self._recorded[cases.pop(0) if len(cases) > 1 else cases[0]]
        self._compare(route, request, exchange["request"])
        return exchange["response"]["json"]

    def _compare(self, route: str, request: httpx.Request, recorded: Any) -> None:
        wanted = set(recorded.get("json") or recorded.get("body") or {})
        sent = set(json.loads(request.content)) if request.content else set()
        optional = {"roomID"} if route in {"get_push_url", "create_room"} else set()
        if sent - optional != wanted - optional:
            self.mistakes.append(f"{route}: {sorted(sent)} for {sorted(wanted)}")
        query = {
            pair.split("=")[0] for pair in urlsplit(recorded["path"]).query.split("&")
        }
        if set(request.url.params) != query - {""}:
            self.mistakes.append(f"{route}: query {sorted(request.url.params)}")


class Kiosk:
    """Our client in front of an original."""

    def __init__(
        self,
        original: Original,
        *targets: str,
        create: bool = False,
        capacity: int = 2,
    ) -> None:
        self.time = VirtualTime()
        self.told: list[RoomNotice] = []
        talk = Conversation(Identity("B", "bob"), lambda: 0.5)
        self.service = HttpRoomService(
            RoomSession(talk, Wanted(targets, create, capacity)),
            HttpExchange("http://original.test", original),
            self.time,
            self.time.sleep,
        )

    async def enter(self) -> str:
        seat = await self.service.find_seat()
        assert isinstance(seat, Seat)
        return await self.service.take_seat(seat, self.told.append)


def v1(**cases: str | list[str]) -> Original:
    usual: dict[str, str | list[str]] = {
        "get_im_login_info": "login info 2",
        "get_room_list": "list after create",
        "get_push_url": "push url B",
        "add_pusher": "add_pusher ok (B joins)",
        "get_pushers": "get_pushers after join",
        "pusher_heartbeat": "heartbeat ok",
        "delete_pusher": "delete_pusher participant B",
    }
    return Original("v1/double_room", **(usual | cases))


def v2(**cases: str | list[str]) -> Original:
    usual: dict[str, str | list[str]] = {
        "login": "login bob",
        "logout": "logout",
        "get_room_list": "list",
        "get_push_url": "push url B with roomID (roomID ignored here)",
        "add_pusher": "add_pusher B",
        "get_pushers": "get_pushers 2",
        "pusher_heartbeat": "heartbeat ok",
        "delete_pusher": "delete_pusher by the last member",
    }
    return Original("v2/double_room", **(usual | cases))


async def test_entering_a_room_of_the_first_generation() -> None:
    original = v1()
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        await kiosk.enter()
        await kiosk.time.pass_by(3.0)

        assert original.asked == [
            "get_login_info",
            "get_im_login_info",
            "get_room_list",
            "get_push_url",
            "add_pusher",
            "get_pushers",
            "wait_events",
            "get_pushers",
            "pusher_heartbeat",
        ]
        assert [type(told) for told in kiosk.told] == [PeerJoined]
    assert original.asked[-1] == "delete_pusher"
    assert original.mistakes == []


async def test_creating_a_room_of_the_first_generation() -> None:
    original = v1(
        get_room_list="room list, empty",
        get_push_url="push url A",
        create_room="create_room ok",
        get_pushers="get_pushers ok (creator only)",
        delete_pusher="delete_pusher by the creator (room disbanded)",
    )
    kiosk = Kiosk(original, "柜台 1", create=True)
    async with kiosk.service:
        room_id = await kiosk.enter()
        await kiosk.time.pass_by(3.0)

        assert room_id == "room_1795222428802_1"
        assert original.asked[2:6] == [
            "get_room_list",
            "get_push_url",
            "create_room",
            "get_pushers",
        ]
        assert "pusher_heartbeat" in original.asked
    assert original.mistakes == []


async def test_entering_a_room_of_the_second_generation() -> None:
    original = v2()
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        room_id = await kiosk.enter()
        await kiosk.time.pass_by(3.0)

        assert room_id == "room_ad009830_47e8"
        assert original.asked == [
            "get_login_info",
            "login",
            "queue_seat",
            "get_room_list",
            "get_push_url",
            "add_pusher",
            "get_pushers",
            "wait_events",
            "get_pushers",
            "pusher_heartbeat",
        ]
        assert [type(told) for told in kiosk.told] == [PeerJoined]
    assert original.asked[-2:] == ["delete_pusher", "logout"]
    assert original.mistakes == []


async def test_creating_a_room_of_the_second_generation() -> None:
    original = v2(
        get_room_list="room list empty",
        create_room="create_room ok, id chosen by the server",
    )
    kiosk = Kiosk(original, "柜台 1", create=True)
    async with kiosk.service:
        await kiosk.enter()

        assert original.asked[2:7] == [
            "get_room_list",
            "get_push_url",
            "create_room",
            "add_pusher",
            "get_pushers",
        ]
    assert original.mistakes == []


@pytest.mark.parametrize("original", [v1, v2])
async def test_a_full_room_of_an_original_is_no_seat(original: Any) -> None:
    # The recorded list has one member: full for a room of one.
    kiosk = Kiosk(original(), "柜台 1", capacity=1)
    async with kiosk.service:
        assert await kiosk.service.find_seat() == NoSeat("full")


@pytest.mark.parametrize("original", [v1, v2])
async def test_somebody_faster_at_an_original_is_a_full_room(original: Any) -> None:
    kiosk = Kiosk(original(add_pusher="add_pusher over capacity"), "柜台 1")
    async with kiosk.service:
        with pytest.raises(RoomFull):
            await kiosk.enter()


async def test_a_room_that_a_first_original_only_pretends_to_have() -> None:
    pretending = v1(
        add_pusher="add_pusher to an unknown room",
        get_pushers="get_pushers, unknown room",
    )
    kiosk = Kiosk(pretending, "柜台 1")
    async with kiosk.service:
        with pytest.raises(RoomNotFound):
            await kiosk.enter()


async def test_a_second_original_throws_at_an_unknown_room() -> None:
    kiosk = Kiosk(v2(add_pusher="add_pusher to an unknown room"), "柜台 1")
    async with kiosk.service:
        with pytest.raises(RoomRefused, match="code -1"):
            await kiosk.enter()


async def test_a_member_that_left_an_original_is_seen_within_two_seconds() -> None:
    original = v1(
        get_im_login_info="login info, prefix IE",
        get_push_url="push url A",
        get_pushers=["get_pushers after join"] * 2 + ["get_pushers after B left"],
    )
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        await kiosk.enter()
        await kiosk.time.pass_by(4.1)
        await settle()

        assert kiosk.told[1:] == [PeerLeft("user_1795222427993_5", hung_up=True)]


async def test_a_room_that_an_original_disbanded_is_closed() -> None:
    original = v1(
        get_pushers=["get_pushers after join", "get_pushers after disband"],
        pusher_heartbeat="heartbeat, unknown room",
        delete_pusher="delete_pusher, not a member",
    )
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        await kiosk.enter()
        await kiosk.time.pass_by(30.0)

        assert kiosk.told[-1] == RoomClosed("the room is gone")
        assert original.asked.count("pusher_heartbeat") == 0
        await kiosk.service.leave()


async def test_an_original_that_forgot_us_takes_us_back() -> None:
    original = v2(pusher_heartbeat=["heartbeat not member", "heartbeat ok"])
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        await kiosk.enter()
        await kiosk.time.pass_by(3.0)

        assert original.asked.count("add_pusher") == 2
        assert [type(told) for told in kiosk.told] == [PeerJoined]


async def test_an_original_that_lost_our_login_gives_us_another() -> None:
    original = v2(
        get_room_list=["call by a user never logged in", "list"],
    )
    kiosk = Kiosk(original, "柜台 1")
    async with kiosk.service:
        found = await kiosk.service.find_seat()

        assert isinstance(found, Seat)
        assert original.asked.count("login") == 2
