"""Foreign media servers ask, our gate answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.room.fields import BadRequest
from kiosk.room.wire_json import BadJson
from kiosk.roomserver.backend_remote import LiveStreams
from kiosk.roomserver.media_hooks import (
    HookRefused,
    MediaHooks,
    read_mediamtx,
    read_nginx,
    read_srs,
)
from kiosk.roomserver.media_settings import MediaKind
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway
from tests.fakes.room_core import FakeCore, Json, query_of


SECRET = "0123456789abcdef0123456789abcdef"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
T = TypeVar("T")
Message = tuple[dict[str, str], str | bytes]


class FickleTurns(ForgetfulLedger):
    """A store that may be out of reach."""

    is_out = False

    @override
    async def turn(self, act: Callable[[], T]) -> T:
        if self.is_out:
            raise StoreAway("the store is away")
        return await super().turn(act)


class Hooked(FakeCore):
    """A room server that a media server of some kind calls back."""

    def __init__(self, kind: MediaKind) -> None:
        super().__init__()
        self.kind = kind
        self.turns = FickleTurns()
        gate = self.core.gate
        self.live = LiveStreams(gate.on_stream_started, gate.on_stream_ended)
        hooks = MediaHooks(kind, SECRET.encode(), gate, self.live, self.turns)
        self.app = Starlette(routes=hooks.routes())

    async def say(self, message: Message, secret: str = SECRET) -> int:
        headers, content = message
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport) as client:
            url = f"http://server/media/{self.kind.value}"
            answer = await client.post(
                url, content=content, headers=headers, params={"secret": secret}
            )
        if answer.status_code == 200:
            assert answer.json() == {"code": 0}
        else:
            assert answer.json()["code"] != 0
        return answer.status_code


def nginx(call: str, stream: str, signed: dict[str, str], connection: str) -> Message:
    form = {"app": "live", "flashver": "LNX", "tcurl": "rtmp://h/live"}
    form |= {"addr": "192.0.2.7", "clientid": connection, "call": call}
    return FORM, urlencode({**form, "name": stream, "type": "live", **signed})


def srs(action: str, stream: str, signed: dict[str, str], connection: str) -> Message:
    wire: Json = {
        "action": action,
        "client_id": connection,
        "ip": "192.0.2.7",
        "vhost": "__defaultVhost__",
        "app": "live",
        "stream": stream,
        "param": f"?{urlencode(signed)}",
    }
    return JSON, httpx.Request("POST", "http://h", json=wire).content


def mediamtx(
    action: str, stream: str, signed: dict[str, str], connection: str
) -> Message:
    if action in {"ready", "notready"}:
        return FORM, urlencode({"call": action, "path": f"live/{stream}"})
    wire: Json = {
        "user": "",
        "password": "",
        "ip": "192.0.2.7",
        "action": action,
        "path": f"live/{stream}",
        "protocol": "rtmp",
        "id": connection,
        "query": urlencode(signed),
    }
    return JSON, httpx.Request("POST", "http://h", json=wire).content


Dialect = Callable[[str, str, dict[str, str], str], Message]
DIALECTS: list[tuple[MediaKind, Dialect, tuple[str, str, str]]] = [
    (MediaKind.NGINX, nginx, ("publish", "publish_done", "play")),
    (MediaKind.SRS, srs, ("on_publish", "on_unpublish", "on_play")),
    (MediaKind.MEDIAMTX, mediamtx, ("publish", "notready", "read")),
]


@pytest.mark.parametrize(("kind", "say", "verbs"), DIALECTS)
async def test_without_a_store_nobody_is_let_in_and_an_end_is_an_end(
    kind: MediaKind, say: Dialect, verbs: tuple[str, str, str]
) -> None:
    publish, ended, play = verbs
    core = Hooked(kind)
    core.create("agent")
    kiosk, play_url = core.join("kiosk"), core.members("agent")["kiosk"]
    core.live.published(kiosk, "source" if kind is MediaKind.MEDIAMTX else "7")
    core.turns.is_out = True

    assert await core.say(say(publish, kiosk, {}, "9")) == 403
    assert await core.say(say(play, kiosk, query_of(play_url), "8")) == 403
    assert await core.say(say(ended, kiosk, {}, "7")) == 200
    assert not core.live.is_live(kiosk)


@pytest.mark.parametrize("tickets", [True, False], ids=["v2", "tencent"])
@pytest.mark.parametrize(("kind", "say", "verbs"), DIALECTS)
async def test_a_stream_begins_is_played_and_ends(
    kind: MediaKind, say: Dialect, verbs: tuple[str, str, str], tickets: bool
) -> None:
    publish, ended, play = verbs
    core = Hooked(kind)
    seat = core.create("agent")
    pull = core.members("agent", tickets=tickets)["agent"]
    url = core.push_url("agent", tickets=tickets)
    stream = url.split("?")[0].rsplit("/", 1)[-1]

    pushed = await core.say(say(publish, stream, query_of(url), "c1"))
    if kind is MediaKind.MEDIAMTX:
        assert not core.live.is_live(stream)
        await core.say(say("ready", stream, {}, ""))
    began = core.live.is_live(stream)
    played = await core.say(say(play, seat, query_of(pull), "c2"))
    await core.say(say(ended, stream, {}, "c1"))

    assert (pushed, began, played) == (200, True, 200)
    assert not core.live.is_live(stream)


@pytest.mark.parametrize(("kind", "say", "verbs"), DIALECTS)
async def test_a_wrong_key_the_other_key_and_a_wrong_secret_are_refused(
    kind: MediaKind, say: Dialect, verbs: tuple[str, str, str]
) -> None:
    publish, _, play = verbs
    core = Hooked(kind)
    core.log_in("agent")
    url = core.push_url("agent")
    stream = url.split("?")[0].rsplit("/", 1)[-1]
    signed = query_of(url)
    forged = {**signed, "txSecret": "0" * 32}

    assert await core.say(say(publish, stream, forged, "c1")) == 403
    assert await core.say(say(publish, stream, {}, "c1")) == 403
    assert await core.say(say(play, stream, signed, "c1")) == 403
    assert await core.say(say(publish, stream, signed, "c1"), secret="x") == 403
    assert await core.say(say(publish, stream, signed, "c1")) == 200


@pytest.mark.parametrize(("kind", "say", "verbs"), DIALECTS)
async def test_tickets_are_judged_as_at_our_relay(
    kind: MediaKind, say: Dialect, verbs: tuple[str, str, str]
) -> None:
    publish, _, play = verbs
    core = Hooked(kind)
    seat = core.create("agent")
    core.join("kiosk")
    url = core.push_url("agent", tickets=True)
    stream, signed = url.split("?")[0].rsplit("/", 1)[-1], query_of(url)
    forged = {**signed, "sub": "A" * 16}
    pull = query_of(core.members("kiosk", tickets=True)["agent"])

    assert await core.say(say(publish, stream, forged, "c1")) == 403
    assert await core.say(say(play, stream, signed, "c1")) == 403
    assert await core.say(say(publish, stream, signed, "c1")) == 200
    assert await core.say(say(publish, stream, signed, "c2")) == 403
    assert await core.say(say(play, seat, pull, "c3")) == 200
    assert core.live.over() == ()
    core.ask("delete_pusher", {"roomID": "desk", "userID": "kiosk"}, user="kiosk")
    assert await core.say(say(play, seat, pull, "c4")) == 403
    assert core.live.over() == ((seat, "c3"),)
    assert core.live.over() == ()


@pytest.mark.parametrize(("kind", "say", "verbs"), DIALECTS)
async def test_leaving_ends_the_right_to_publish(
    kind: MediaKind, say: Dialect, verbs: tuple[str, str, str]
) -> None:
    core = Hooked(kind)
    core.log_in("agent")
    url = core.push_url("agent")
    create = msg.CreateRoom("agent", "Desk", "desk", "agent", "1", url)
    assert core.ask("create_room", create.to_wire(), user="agent")["code"] == 0
    stream = url.split("?")[0].rsplit("/", 1)[-1]
    before = await core.say(say(verbs[0], stream, query_of(url), "c1"))

    core.ask("delete_pusher", {"roomID": "desk", "userID": "agent"}, user="agent")
    after = await core.say(say(verbs[0], stream, query_of(url), "c1"))

    assert (before, after) == (200, 403)


def test_fields_smuggled_into_a_form_are_a_refusal() -> None:
    honest = "app=live&clientid=1&call=publish&name=mine&txSecret=a&txTime=b"

    assert read_nginx(honest.encode(), "").stream == "mine"
    for smuggled in ("name=other", "app=x", "call=publish_done", "txSecret=c"):
        with pytest.raises(HookRefused, match="twice"):
            read_nginx(f"{honest}&{smuggled}".encode(), "")


def test_what_is_no_callback_is_not_read() -> None:
    with pytest.raises(HookRefused):
        read_nginx("name=é".encode(), "")
    with pytest.raises(HookRefused):
        read_nginx("&".join(f"f{n}=1" for n in range(33)).encode(), "")
    with pytest.raises(BadJson):
        read_srs(b"app=live", "application/json")
    with pytest.raises(BadRequest):
        read_mediamtx(b'{"action":"publish"}', "application/json")


@pytest.mark.parametrize(
    ("kind", "message", "status"),
    [
        (MediaKind.NGINX, nginx("connect", "s", {}, "1"), 403),
        (MediaKind.SRS, srs("on_dvr", "s", {}, "1"), 403),
        (MediaKind.MEDIAMTX, mediamtx("api", "s", {}, "1"), 403),
        (MediaKind.SRS, (JSON, b"{"), 400),
        (MediaKind.SRS, (JSON, b'{"action":"on_play"}'), 400),
        (MediaKind.NGINX, (FORM, b"a=1&a=2"), 400),
    ],
)
async def test_other_callbacks_and_nonsense_are_refused(
    kind: MediaKind, message: Message, status: int
) -> None:
    assert await Hooked(kind).say(message) == status


async def test_players_of_nginx_and_srs_are_counted() -> None:
    core = Hooked(MediaKind.SRS)
    core.create("agent")
    pull = core.members("agent")["agent"]
    stream = pull.split("?")[0].rsplit("/", 1)[-1]
    wire = srs("on_play", stream, query_of(pull), "c9")

    await core.say(wire)
    during = core.live.players(stream)
    await core.say(srs("on_stop", stream, {}, "c9"))

    assert (during, core.live.players(stream)) == (1, 0)
