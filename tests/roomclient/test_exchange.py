"""One request against servers that lie, stall and flood."""

from __future__ import annotations

import json

import pytest

from kiosk.errors import (
    ConfigError,
    LoginRefused,
    NotAMember,
    RoomFull,
    RoomNotFound,
    RoomProtocolError,
    RoomRefused,
)
from kiosk.room.messages import Credentials, GetLoginInfo, Room, RouteUnknown
from kiosk.room.script import LinesBusy, ServerBusy
from kiosk.roomclient import HttpExchange
from tests.fakes.answered import CREDENTIALS, GOOD, answering, ask, error_of, sent_by


@pytest.mark.parametrize(
    "url", ["http://room.test", "http://room.test/", "http://room.test//"]
)
async def test_a_trailing_slash_changes_nothing(url: str) -> None:
    request = await sent_by(url)

    assert request.url.path == "/weapp/double_room/get_pushers"


async def test_a_path_before_the_routes_is_kept() -> None:
    request = await sent_by("http://room.test:8080/branch/")

    assert request.url.path == "/branch/weapp/double_room/get_pushers"
    assert request.url.port == 8080


async def test_a_request_is_json_with_the_token_in_the_query() -> None:
    request = await sent_by("http://room.test")

    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert json.loads(request.content) == {"roomID": "r1"}
    assert dict(request.url.params) == {
        "userID": "kiosk7",
        "token": "780e*53727e39*MTIzNDU=",
    }


async def test_a_server_that_takes_the_token_in_a_header_is_sent_it_there() -> None:
    bearer = Credentials("kiosk7", CREDENTIALS.token, bearer=True)
    request = await sent_by("http://room.test", credentials=bearer)

    assert dict(request.url.params) == {"userID": "kiosk7"}
    assert request.headers["authorization"] == "Bearer 780e*53727e39*MTIzNDU="


async def test_a_login_asks_by_its_query_alone() -> None:
    request = await sent_by("http://room.test", GetLoginInfo("kiosk7"))

    assert request.method == "GET"
    assert request.url.path == "/weapp/utils/get_login_info"
    assert request.content == b""


@pytest.mark.parametrize(
    "url",
    ["", "room.test", "ftp://room.test", "http://", "http://[::1", "http://a?b=c"],
)
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError, match="room server's address"):
        HttpExchange(url)


async def test_an_address_may_be_ipv6_or_tls() -> None:
    for url in ("http://[::1]:8080", "https://room.test"):
        await HttpExchange(url).aclose()


async def test_a_good_answer_is_read() -> None:
    answer = await ask(answering(json.dumps(GOOD).encode()))

    assert answer == Room("", "", "", ())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, RoomRefused),
        (1, RoomRefused),
        (2, RoomRefused),
        (3, RoomNotFound),
        (4, RoomRefused),
        (5, NotAMember),
        (6, RoomRefused),
        (7, LoginRefused),
        (10, RoomRefused),
        (11, RoomRefused),
        (5001, RoomFull),
        (-2007, RoomRefused),
    ],
)
async def test_every_code_is_its_error(code: int, kind: type[RoomRefused]) -> None:
    error = await error_of(answering(json.dumps({"code": code}).encode()))

    assert type(error) is kind
    assert isinstance(error, RoomRefused)
    assert (error.route, error.room_code) == ("get_pushers", code)


@pytest.mark.parametrize("status", [500, 502, 503, 511])
async def test_a_broken_server_is_busy(status: int) -> None:
    error = await error_of(answering(b"Internal Server Error", status))

    assert isinstance(error, ServerBusy)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("9" * 40, 0.0)],
)
async def test_a_busy_server_may_say_for_how_long(text: str, seconds: float) -> None:
    error = await error_of(answering(b"", 429, retry_after=text))

    assert isinstance(error, LinesBusy)
    assert error.retry_after_s == seconds


@pytest.mark.parametrize("status", [404, 405])
async def test_a_path_the_server_does_not_have_asks_for_the_address(
    status: int,
) -> None:
    error = await error_of(answering(b"Not Found", status))

    assert isinstance(error, RouteUnknown)
    assert "address" in str(error)


async def test_the_originals_answer_to_an_unknown_route_is_recognised() -> None:
    error = await error_of(answering(b'{"code":0,"data":{}}'))

    assert isinstance(error, RouteUnknown)


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403])
async def test_any_other_status_is_no_answer(status: int) -> None:
    error = await error_of(answering(b"", status))

    assert isinstance(error, RoomProtocolError)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    error = await error_of(answering(b"", status, location="http://room.test/loop"))

    assert isinstance(error, RoomProtocolError)
    assert "sign-in" in str(error)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><html>Welcome to our guest network", "application/json"),
        (b"  \n<html>", "text/plain"),
        (b'{"code":0}', "text/html; charset=utf-8"),
    ],
)
async def test_a_web_page_asks_whether_the_network_wants_a_sign_in(
    body: bytes, kind: str
) -> None:
    error = await error_of(answering(body, content_type=kind))

    assert isinstance(error, RoomProtocolError)
    assert "sign-in" in str(error)


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
async def test_a_wrong_content_type_is_forgiven(kind: str) -> None:
    answer = await ask(answering(json.dumps(GOOD).encode(), content_type=kind))

    assert answer is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"code":0,"mess',
        b'\xef\xbb\xbf{"code":0,"pushers":[]}',
        '{"code":0,"message":"\u00e9"}'.encode("latin-1"),
        b"null",
        b"[]",
        b"0",
        b'{"code":false,"pushers":[]}',
        b'{"code":"0","pushers":[]}',
        b'{"code":NaN}',
        b'{"code":0,"pushers":Infinity}',
        b'{"code":1e999}',
        b'{"code":' + b"9" * 5000 + b"}",
        b'{"code":0,"code":0,"pushers":[]}',
        b'{"code":0,"message":"\\ud800","pushers":[]}',
        b'{"code":0,"message":"ok","pushers":' + b"[" * 100_000,
        b'{"message":"ok","pushers":[]}',
        b'{"code":0,"message":"ok"}',
        b'{"code":0,"message":"ok","pushers":{}}',
        b'{"code":0,"message":"ok","pushers":[null]}',
        b'{"code":0,"message":"ok","pushers":[{"userID":7}]}',
    ],
)
async def test_nonsense_is_a_protocol_error_that_names_the_route(body: bytes) -> None:
    error = await error_of(answering(body))

    assert type(error) is RoomProtocolError
    assert "get_pushers" in str(error)


async def test_a_wrong_field_is_named() -> None:
    error = await error_of(answering(b'{"code":0,"message":"ok","pushers":7}'))

    assert "pushers" in str(error)
