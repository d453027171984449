"""Naming the streams of, and giving orders to, somebody else's media server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial

import httpx
import pytest

from kiosk.roomserver.backend_remote import (
    MAX_CONNECTIONS,
    MAX_STREAMS,
    LiveStreams,
    RemoteBackend,
)
from kiosk.roomserver.media_control import MAX_ORDERS, MediaControl
from kiosk.roomserver.media_settings import MediaKind, MediaSettings
from tests.fakes.eventually import eventually


SECRET = b"0123456789abcdef0123456789abcdef"


def settings(**changes: object) -> MediaSettings:
    known: dict[str, object] = {
        "kind": MediaKind.NGINX,
        "push_url": "rtmp://media:1935/live/{stream}",
        "hook_secret": SECRET,
        **changes,
    }
    return MediaSettings(**known)  # type: ignore[arg-type]


class Noting:
    """What a backend orders and reports."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.orders: list[tuple[str, tuple[str, ...], bool]] = []
        self.live = LiveStreams(self.began.append, self.ended.append)

    def backend(self, media: MediaSettings | None = None) -> RemoteBackend:
        return RemoteBackend(media or settings(), self.live, self.order)

    def order(self, stream: str, connections: tuple[str, ...], *, whole: bool) -> None:
        self.orders.append((stream, connections, whole))


def test_urls_follow_the_template() -> None:
    tencent = settings(
        kind=MediaKind.TENCENT,
        hook_secret=b"",
        push_url="rtmp://1.livepush.example/app/{stream}",
        play_url="rtmp://1.liveplay.example/app/{stream}",
    )
    backend = Noting().backend(tencent)

    assert backend.push_url("s_x", "k=1") == "rtmp://1.livepush.example/app/s_x?k=1"
    assert backend.play_url("s_x", "k=2") == "rtmp://1.liveplay.example/app/s_x?k=2"


def test_a_second_publisher_that_is_turned_away_does_not_end_the_first() -> None:
    noting = Noting()
    noting.live.published("s", "1")
    noting.live.published("s", "2")
    noting.live.unpublished("s", "2")
    alive = noting.backend().is_live("s")
    noting.live.unpublished("s", "1")
    noting.live.unpublished("s", "1")

    assert alive
    assert not noting.backend().is_live("s")
    assert (noting.began, noting.ended) == (["s"], ["s"])


def test_connections_of_a_stream_are_bounded() -> None:
    noting = Noting()
    for number in range(MAX_CONNECTIONS + 5):
        noting.live.played("s", str(number))

    assert noting.live.players("s") == MAX_CONNECTIONS


def test_cutting_orders_the_end_of_every_connection_known() -> None:
    noting = Noting()
    noting.live.published("s", "1")
    noting.live.played("s", "2")
    backend = noting.backend()

    backend.cut("s")
    backend.request_idr("s")

    assert noting.orders == [("s", ("1", "2"), True)]
    assert not backend.is_live("s")
    assert noting.live.names() == ()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"push_url": ""}, "push_url"),
        ({"push_url": "http://media/live/{stream}"}, "push_url"),
        ({"push_url": "rtmp://media/live/x"}, "push_url"),
        ({"push_url": "rtmp://media/other/{stream}"}, "push_url"),
        ({"play_url": "rtmp://media/{stream}/live"}, "play_url"),
        ({"hook_secret": b"short"}, "hook_secret"),
    ],
)
def test_what_cannot_work_is_refused_by_name(
    changes: dict[str, object], names: str
) -> None:
    with pytest.raises(ValueError, match=names):
        settings(**changes)


def test_a_connection_whose_right_is_over_is_ordered_out_alone() -> None:
    noting = Noting()
    rights = {"1": "", "2": ""}
    for connection in rights:
        noting.live.permitted("s", connection, partial(rights.__getitem__, connection))
    noting.live.published("s", "1")
    backend = noting.backend()
    backend.review()
    rights["2"] = "only members may play"
    backend.review()
    backend.review()

    assert noting.orders == [("s", ("2",), False)]
    assert backend.is_live("s")


def test_the_rights_of_a_stream_are_bounded_and_end_with_it() -> None:
    noting = Noting()
    for number in range(MAX_CONNECTIONS + 5):
        noting.live.permitted("s", str(number), lambda: "over")
    over = len(noting.live.over())
    noting.live.permitted("s", "1", lambda: "over")
    noting.live.stopped("s", "1")
    noting.live.permitted("s", "2", lambda: "over")
    noting.live.forget("s")
    again = noting.live.over()
    for number in range(MAX_STREAMS + 5):
        noting.live.permitted(f"s{number}", "1", lambda: "over")

    assert (over, again, len(noting.live.over())) == (MAX_CONNECTIONS, (), MAX_STREAMS)


class FakeInterface:
    """A media server's control interface; fails as often as it is told."""

    def __init__(self, failures: int = 0, items: object = None) -> None:
        self.failures = failures
        self.items = items
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        if self.failures:
            self.failures -= 1
            return httpx.Response(500)
        if "rtmpsconns" in request.url.path:
            return httpx.Response(404)
        return httpx.Response(200, content=json.dumps({"items": self.items}))


async def carried_out(
    kind: MediaKind,
    there: FakeInterface,
    done: Callable[[], bool],
    *,
    whole: bool = True,
) -> list[str]:
    transport = httpx.MockTransport(there.answer)
    control = MediaControl(kind, "http://media:81/x/", transport)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(control.run())
        control.cut("s_x", ("c 1", "c2"), whole=whole)
        await eventually(done)
        running.cancel()
    return there.asked


async def test_nginx_drops_publisher_and_players_by_name() -> None:
    there = FakeInterface()

    asked = await carried_out(MediaKind.NGINX, there, lambda: len(there.asked) == 2)

    assert asked == [
        "GET /x/drop/publisher?app=live&name=s_x",
        "GET /x/drop/subscriber?app=live&name=s_x",
    ]


async def test_nginx_drops_one_connection_by_its_number() -> None:
    there = FakeInterface()

    asked = await carried_out(
        MediaKind.NGINX, there, lambda: len(there.asked) == 4, whole=False
    )

    assert asked[1:3] == [
        "GET /x/drop/subscriber?app=live&name=s_x&clientid=c+1",
        "GET /x/drop/publisher?app=live&name=s_x&clientid=c2",
    ]


async def test_mediamtx_kicks_one_connection_of_several() -> None:
    items = [{"id": one, "path": "live/s_x"} for one in ("c2", "c3")]
    there = FakeInterface(items=items)

    asked = await carried_out(
        MediaKind.MEDIAMTX, there, lambda: len(there.asked) == 3, whole=False
    )

    assert [one for one in asked if "kick" in one] == ["POST /x/v3/rtmpconns/kick/c2"]


async def test_srs_kicks_the_clients_it_told_of() -> None:
    there = FakeInterface()

    asked = await carried_out(MediaKind.SRS, there, lambda: len(there.asked) == 2)

    assert asked == ["DELETE /x/api/v1/clients/c%201", "DELETE /x/api/v1/clients/c2"]


async def test_mediamtx_is_asked_for_the_connections_of_the_stream() -> None:
    items = [
        {"id": "one", "path": "live/s_x"},
        {"id": "two", "path": "live/other"},
        {"id": 3, "path": "live/s_x"},
        "nonsense",
    ]
    there = FakeInterface(items=items)

    asked = await carried_out(MediaKind.MEDIAMTX, there, lambda: len(there.asked) == 3)

    assert asked == [
        "GET /x/v3/rtmpconns/list?itemsPerPage=1000",
        "POST /x/v3/rtmpconns/kick/one",
        "GET /x/v3/rtmpsconns/list?itemsPerPage=1000",
    ]


async def test_a_failed_order_is_tried_again_and_given_up_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    once, always = FakeInterface(failures=1), FakeInterface(items="no list")
    always.failures = 1

    await carried_out(MediaKind.NGINX, once, lambda: len(once.asked) == 3)
    await carried_out(
        MediaKind.MEDIAMTX, always, lambda: "stream not cut" in caplog.messages
    )

    assert len(always.asked) == 3


async def test_orders_without_an_interface_are_dropped_and_a_flood_is_bounded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    MediaControl(MediaKind.NGINX, "").cut("s", ())
    MediaControl(MediaKind.TENCENT, "http://media").cut("s", ())
    assert caplog.messages == []

    flooded = MediaControl(MediaKind.NGINX, "http://media")
    for _ in range(MAX_ORDERS + 1):
        flooded.cut("s", ())

    assert caplog.messages == ["stream not cut"]
