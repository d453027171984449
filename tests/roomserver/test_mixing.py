"""merge_stream: what is sent to the cloud, for whom, and when not."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from kiosk.room import messages as msg
from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import CloudCall
from kiosk.roomserver.cloud import MAX_BYTES, ask_cloud, no_cloud
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.mixing import INTERFACE, MixingAccount
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.room_core import FakeCore, Json


ACCOUNT = MixingAccount(1251234567, "fedcba9876543210fedcba9876543210")
CALL = CloudCall("https://cloud.test/common_access?sign=secret", b"{}", lambda _: {})


class Show:
    """A live room with a host and a guest."""

    def __init__(self, account: MixingAccount | None = ACCOUNT) -> None:
        self.core = FakeCore(ServerSettings(mixing=account))
        self.streams = {user: self._seat(user) for user in ("host", "guest")}

    def _seat(self, user: str) -> str:
        self.core.log_in(user)
        url = self.core.push_url(user)
        wire = msg.AddPusher("show", user, user, url).to_wire()
        route = "add_pusher"
        if user == "host":
            wire = msg.CreateRoom(user, "Show", "show", user, "1", url).to_wire()
            route = "create_room"
        assert self.ask(route, wire, user)["code"] == 0
        return stream_of(url)

    def ask(self, route: str, body: Json, user: str) -> Json:
        return self.core.ask(route, body, user=user, folder="live_room")

    def params(self, **changes: object) -> Json:
        host, guest = self.streams["host"], self.streams["guest"]
        para: Json = {
            "app_id": "1251234567",
            "interface": INTERFACE,
            "mix_stream_session_id": host,
            "output_stream_id": host,
            "input_stream_list": [
                {"input_stream_id": host, "layout_params": {"image_layer": 1}},
                {"input_stream_id": guest, "layout_params": {"image_layer": 2}},
            ],
        }
        interface: Json = {"interfaceName": "Mix_StreamV2", "para": {**para, **changes}}
        return {"timestamp": 1, "eventId": 1, "interface": interface}

    def merge(self, params: object, user: str = "host", room: str = "show") -> object:
        body: Json = {"roomID": room, "userID": user, "mergeParams": params}
        return self.core.ask_anything(
            "merge_stream", body, user=user, folder="live_room"
        )


def refused(answer: object) -> object:
    assert isinstance(answer, dict), answer
    return answer["code"]


def test_the_cloud_is_asked_as_the_original_asks_it() -> None:
    show = Show()

    call = show.merge(show.params())

    assert isinstance(call, CloudCall)
    url = urlsplit(call.url)
    end = int(show.core.clock.unix) + 60
    sign = hashlib.md5(f"{ACCOUNT.api_key}{end}".encode()).hexdigest()
    assert (url.scheme, url.netloc) == ("https", "fcgi.video.qcloud.com")
    assert url.path == "/common_access"
    assert parse_qs(url.query) == {
        "appid": ["1251234567"],
        "interface": ["mix_streamv2.start_mix_stream_advanced"],
        "t": [str(end)],
        "sign": [sign],
    }
    assert msg.parse_json(call.body) == show.params()


def test_what_the_cloud_says_is_the_result() -> None:
    show = Show()
    call = show.merge(show.params())
    assert isinstance(call, CloudCall)

    answer = call.finish(b'{"code":0,"message":"Success!","timestamp":5}')

    assert answer["code"] == 0
    assert answer["message"] == "请求成功"
    assert answer["result"] == {"code": 0, "message": "Success!", "timestamp": 5}


@pytest.mark.parametrize("reply", [None, b"", b"<html>", b"[]"])
def test_a_cloud_that_makes_no_sense_is_an_empty_result(reply: bytes | None) -> None:
    show = Show()
    call = show.merge(show.params())
    assert isinstance(call, CloudCall)

    assert call.finish(reply)["result"] == {}


def test_without_an_account_merging_is_refused_and_says_what_is_missing() -> None:
    show = Show(account=None)

    answer = show.merge(show.params())

    assert refused(answer) == 6
    assert isinstance(answer, dict)
    assert "[mixing] app_id and api_key" in str(answer["message"])


def test_only_the_creator_has_the_streams_of_a_room_mixed() -> None:
    show = Show()

    assert refused(show.merge(show.params(), user="guest")) == 3
    assert refused(show.merge(show.params(), room="nowhere")) == 3


def test_nobody_has_streams_mixed_for_another_user() -> None:
    show = Show()
    body: Json = {"roomID": "show", "userID": "host", "mergeParams": show.params()}

    assert show.ask("merge_stream", body, "guest")["code"] == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"output_stream_id": "8525_stranger"},
        {"mix_stream_session_id": "8525_stranger"},
        {"input_stream_list": [{"input_stream_id": "8525_stranger"}]},
        {"input_stream_list": [{"input_stream_id": ""}]},
        {"input_stream_list": [{}]},
        {"input_stream_list": ["8525_stranger"]},
        {"input_stream_list": []},
        {"input_stream_list": [{}] * 17},
        {"input_stream_list": None},
        {"interface": "Live_Tape_Start"},
    ],
)
def test_the_server_signs_nothing_but_the_mixing_of_a_rooms_own_streams(
    changes: Json,
) -> None:
    show = Show()

    assert refused(show.merge(show.params(**changes))) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"interface": "x"},
        {"interface": {"interfaceName": "Mix_StreamV2"}},
        {"interface": {"interfaceName": "Live", "para": {}}},
    ],
)
def test_parameters_of_another_form_are_refused_with_1(params: Json) -> None:
    assert refused(Show().merge(params)) == 1


async def test_the_answer_comes_over_http_when_the_cloud_has_spoken() -> None:
    show, calls = Show(), list[CloudCall]()

    async def cloud(call: CloudCall) -> bytes:
        calls.append(call)
        return b'{"code":0}'

    app = Door(show.core.routes, LongPolls(), cloud)
    async with httpx.AsyncClient(
        transport=HttpInMemory(app), base_url="http://server"
    ) as client:
        answer = await client.post(
            "/weapp/live_room/merge_stream",
            params={"userID": "host", "token": show.core.tokens["host"]},
            json={"roomID": "show", "userID": "host", "mergeParams": show.params()},
        )

    assert answer.json()["result"] == {"code": 0}
    assert len(calls) == 1
    assert "sign" not in repr(calls[0])


async def test_a_call_is_posted_as_the_original_posts_it() -> None:
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b'{"code":0}')

    body = await ask_cloud(CALL, httpx.MockTransport(reply))

    assert body == b'{"code":0}'
    assert seen[0].method == "POST"
    assert seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen[0].content == b"{}"


async def test_a_call_without_a_body_is_a_get() -> None:
    seen: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        return httpx.Response(200)

    await ask_cloud(CloudCall(CALL.url, b"", CALL.finish), httpx.MockTransport(reply))

    assert seen == ["GET"]


def no_answer(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def away(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": "http://127.0.0.1/"})


def endless(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("reply", [no_answer, away, endless])
async def test_a_cloud_in_trouble_is_no_answer_and_no_secret_in_the_log(
    reply: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert callable(reply)

    assert await ask_cloud(CALL, httpx.MockTransport(reply)) is None
    assert "secret" not in caplog.text
    assert caplog.messages


async def test_where_no_cloud_is_nobody_is_asked() -> None:
    assert await no_cloud(CALL) is None
