"""What operators see of a running server, over real ports."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typing_extensions import override

from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.access import MAX_LABELS, OTHER, Traffic, Watched
from kiosk.roomserver.asgi_side import AsgiSide
from kiosk.roomserver.console_metrics import exposition
from kiosk.roomserver.console_pages import fleet_json, fleet_page, status_page
from kiosk.roomserver.console_routes import Readiness
from kiosk.roomserver.console_service import OperatorSide
from kiosk.roomserver.console_view import (
    MemberView,
    ProcessView,
    RoomView,
    ServerView,
    StreamRates,
    StreamView,
)
from kiosk.roomserver.fleet import Kiosk
from kiosk.roomserver.http import Door
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest
from kiosk.roomserver.logged import Logged
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.relay_terms import StreamStats
from kiosk.roomserver.service import ServerAddresses
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreLoad
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.room_core import FakeCore
from tests.fakes.room_server import members_of, running_server


PASSWORD = "correcthorsebattery"
REPORT = FleetReport(
    "door-1", "0.1.0", "IDLE", ("R001",), 1_800_000_000_000, 10**9, 30, {"call": 1}
)
EVIL = '<script>"&'


@asynccontextmanager
async def watching(
    password: str = "",
) -> AsyncGenerator[tuple[ServerAddresses, httpx.AsyncClient]]:
    settings = ServerSettings(
        http_port=0, rtmp_port=0, operators_password=password.encode()
    )
    async with (
        running_server(settings) as (at, _),
        httpx.AsyncClient(base_url=at.http_url) as client,
    ):
        yield at, client


async def test_this_machine_sees_rooms_members_kiosks_and_counters() -> None:
    async with watching() as (at, client), members_of(at, "agent") as (agent,):
        await agent.create()
        reported = await client.post("/kiosk/report", json=REPORT.to_wire())
        status = await client.get("/status")
        fleet = await client.get("/fleet")
        listed = (await client.get("/fleet.json")).json()
        metrics = (await client.get("/metrics")).text

    assert reported.json()["code"] == 0
    assert "agent" in status.text
    assert "1 rooms, 1 members" in status.text
    assert "<script" not in status.text + fleet.text
    assert "door-1" in fleet.text
    assert [kiosk["serial"] for kiosk in listed["kiosks"]] == ["door-1"]
    assert listed["kiosks"][0]["address"] == "127.0.0.1"
    assert 'kiosk_members{type="double_room"} 1' in metrics
    assert 'kiosk_requests_total{route="double_room/create_room",code="0"} 1' in metrics
    assert "kiosk_fleet_kiosks 1" in metrics


async def test_no_page_of_the_operators_shows_a_key_or_a_token() -> None:
    async with watching() as (at, client), members_of(at, "agent") as (agent,):
        url = await agent.create()
        signature = url.partition("txSecret=")[2].partition("&")[0]
        seen = "".join(
            [
                (await client.get(page)).text
                for page in ("/status", "/fleet", "/fleet.json", "/metrics")
            ]
        )

    assert signature
    assert signature not in seen
    assert "txSecret" not in seen


async def test_without_a_password_other_machines_are_told_the_cure() -> None:
    core = FakeCore()
    clock = core.clock.server_clock()
    side = OperatorSide(
        core.settings, core.core, clock, streams=dict, tees=dict, polls=lambda: 0
    )
    app = side.around(AsgiSide(Starlette()))
    transport = HttpInMemory(app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        page = await client.get("/status")
        ready = await client.get("/readyz")

    assert page.status_code == 403
    assert "[operators] password" in page.text
    assert ready.status_code == 503


@pytest.mark.parametrize("host", ["[", "a?b", ""])
async def test_a_host_that_is_none_changes_no_page(host: str) -> None:
    core = FakeCore()
    clock = core.clock.server_clock()
    side = OperatorSide(
        core.settings, core.core, clock, streams=dict, tees=dict, polls=lambda: 0
    )
    transport = HttpInMemory(side.around(AsgiSide(Starlette())))
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        page = await client.get("/status", headers={"Host": host})

    assert page.status_code == 200


async def test_with_a_password_this_machine_needs_it_too() -> None:
    bearer = {"authorization": f"Bearer {PASSWORD}"}
    pair = base64.b64encode(f"op:{PASSWORD}".encode()).decode()
    async with watching(PASSWORD) as (_, client):
        nobody = await client.get("/metrics")
        somebody = await client.get("/metrics", headers=bearer)
        browser = await client.get("/fleet", headers={"authorization": f"Basic {pair}"})
        wrong = [
            (await client.get("/fleet", headers={"authorization": "Bearer x"}))
            for _ in range(6)
        ]

    assert nobody.status_code == 401
    assert "www-authenticate" in nobody.headers
    assert (somebody.status_code, browser.status_code) == (200, 200)
    assert [answer.status_code for answer in wrong] == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"{", -1), (b"{}", 1), (b'{"serial":"a b"}', 1)],
)
async def test_a_report_that_is_none_is_refused(content: bytes, code: int) -> None:
    async with watching() as (_, client):
        answer = await client.post("/kiosk/report", content=content)

    assert answer.json()["code"] == code


async def test_a_report_with_a_token_that_is_none_is_refused() -> None:
    async with watching() as (_, client):
        query = {"userID": "kiosk", "token": "guess"}
        wire = REPORT.to_wire()
        answer = await client.post("/kiosk/report", params=query, json=wire)
        kiosks = (await client.get("/fleet.json")).json()["kiosks"]

    assert answer.json()["code"] == 7
    assert kiosks == []


async def test_a_server_is_ready_from_its_start() -> None:
    async with watching() as (_, client):
        ready = await client.get("/readyz")
        alive = await client.get("/healthz")

    assert ready.json() == {"status": "ready", "store": "ok"}
    assert alive.json() == {"status": "ok"}


def test_a_server_that_stops_or_no_longer_turns_is_not_ready() -> None:
    now = 0.0
    readiness = Readiness(lambda: now, 5.0)
    states = [readiness.is_ready]
    readiness.begin()
    for at, swept in ((15.0, True), (29.0, False), (31.0, False)):
        now = at
        if swept:
            readiness.swept()
        states.append(readiness.is_ready)
    readiness.begin()
    readiness.end()
    readiness.swept()
    states.append(readiness.is_ready)

    assert states == [False, True, True, False, False]


async def test_a_store_that_fails_to_keep_up_is_told_and_the_server_works_on() -> None:
    core = FakeCore(ledger=LateLedger())
    clock = core.clock.server_clock()
    side = OperatorSide(
        core.settings, core.core, clock, streams=dict, tees=dict, polls=lambda: 0
    )
    side.readiness.begin()
    transport = HttpInMemory(side.around(AsgiSide(Starlette())))
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        ready = await client.get("/readyz")

    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "store": "late"}


class LateLedger(ForgetfulLedger):
    """Its disk takes nothing any more."""

    @property
    @override
    def is_late(self) -> bool:
        return True


async def test_wrong_passwords_are_counted_once_for_all_doors() -> None:
    settings = ServerSettings(
        operators_password=PASSWORD.encode(), log_folder=Path("/nowhere")
    )
    core = FakeCore(settings)
    clock = core.clock.server_clock()
    side = OperatorSide(
        settings, core.core, clock, streams=dict, tees=dict, polls=lambda: 0
    )
    app = side.around(Door(core.routes, LongPolls()))
    transport = HttpInMemory(app)
    guess, right = ({"authorization": f"Bearer {word}"} for word in ("x", PASSWORD))
    async with httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        for path in ("/status", "/weapp/utils/logfilelist", "/fleet") * 2:
            await client.get(path, headers=guess)
        refused = [
            await client.get(path, headers=right)
            for path in ("/metrics", "/weapp/utils/logfilelist")
        ]

    assert [answer.status_code for answer in refused] == [429, 429]
    assert [answer.headers["retry-after"] for answer in refused] == ["60", "60"]


async def ask(
    path: str, status: int, body: bytes, logged: Logged, traffic: Traffic
) -> None:
    async def app(_request: HttpRequest) -> HttpAnswer:
        return HttpAnswer(body, status=status)

    watched = Watched(app, traffic, lambda: 5.0, logged)
    answer = watched(HttpRequest("GET", path, "token=secret"))
    assert not isinstance(answer, HttpAnswer)
    await answer


@pytest.mark.parametrize(
    ("path", "status", "body", "label"),
    [
        (
            "/weapp/double_room/login",
            200,
            b'{"code":0,"m":1}',
            ("double_room/login", "0"),
        ),
        ("/weapp//live_room//login", 200, b'{"code":7}', ("live_room/login", "7")),
        ("/weapp/double_room/guess", 200, b'{"code":0,"data":{}}', (OTHER, "0")),
        ("/<b>", 200, b"", (OTHER, "200")),
        ("/metrics", 200, b"# HELP", ("metrics", "200")),
        ("/metrics", 401, b"operators only", (OTHER, "401")),
    ],
)
async def test_answers_are_counted_by_route_and_code(
    path: str, status: int, body: bytes, label: tuple[str, str]
) -> None:
    traffic = Traffic()

    await ask(path, status, body, Logged.NONE, traffic)

    assert traffic.answers[label] >= 1


@pytest.mark.parametrize(
    ("logged", "code", "lines"),
    [
        (Logged.ALL, 0, 1),
        (Logged.REFUSED, 0, 0),
        (Logged.REFUSED, 5, 1),
        (Logged.NONE, 5, 0),
    ],
)
async def test_the_access_log_holds_route_code_and_time_but_no_query(
    logged: Logged, code: int, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="kiosk")

    body = b'{"code":%d}' % code
    await ask("/weapp/double_room/login", 200, body, logged, Traffic())

    assert len(caplog.records) == lines
    for record in caplog.records:
        facts = record.__dict__
        assert (facts["route"], facts["room_code"]) == ("double_room/login", str(code))
        assert facts["ms"] == 0.0
        assert "secret" not in str(facts)


def test_labels_strangers_make_up_are_bounded() -> None:
    traffic = Traffic()
    for number in range(MAX_LABELS + 50):
        traffic.note(f"route{number}", "0", 0.1)
    traffic.note("double_room/wait_events", "0", 20.0)

    assert len(traffic.answers) == MAX_LABELS + 1
    assert traffic.answers[OTHER, "0"] == 51
    assert sum(traffic.durations) == MAX_LABELS + 50


def stats(received: int, sent: int) -> StreamStats:
    return StreamStats(
        is_live=True,
        subscribers=1,
        received_bytes=received,
        sent_bytes=sent,
        dropped_units=0,
        silent_s=0.0,
    )


def test_bit_rates_are_counted_between_two_looks() -> None:
    now = {"s": stats(1000, 0)}
    rates = StreamRates(lambda: now, dict)
    rates.look(10.0)
    [first] = rates.views()
    now["s"] = stats(6000, 2500)
    rates.look(15.0)
    [second] = rates.views()

    assert (first.received_bps, first.sent_bps) == (0.0, 0.0)
    assert (second.received_bps, second.sent_bps) == (8000.0, 4000.0)


def view() -> ServerView:
    silent = Kiosk(REPORT, "kiosk-1", "192.0.2.7", 0.0, 60.0)
    good = replace(REPORT, serial="a", health=(), last_call={})
    well = Kiosk(good, "", "::1", 990.0, 0.0)
    member = MemberView(EVIL, 3, 1.5, "s_x")
    return ServerView(
        now=1000.0,
        rooms=(RoomView("multi_room", EVIL, EVIL, (member,)),),
        streams=(StreamView(EVIL, stats(1, 1), 600e3, 1.2e6),),
        kiosks=(well, silent),
        polls=2,
        traffic=Traffic(),
        store=StoreLoad(waiting=3, refused=4),
    )


def test_what_strangers_chose_is_escaped() -> None:
    page = status_page(view()).decode()

    assert EVIL not in page
    assert "&lt;script&gt;&quot;&amp;" in page
    assert "600 kbit/s" in page
    assert "1200 kbit/s" in page


def test_a_silent_kiosk_comes_first_and_is_marked() -> None:
    page = fleet_page(view()).decode()

    assert page.index("door-1") < page.index("<td>a<")
    assert "SILENT" in page
    assert "2 kiosks, 1 silent" in page
    assert b'"silent":1}' in fleet_json(view())


def test_metrics_are_in_prometheus_text_format() -> None:
    seen = view()
    seen.traffic.note('a"b\\', "0", 0.004)

    text = exposition(seen, ProcessView(1 << 20, 1.5, 9)).decode()

    assert 'kiosk_requests_total{route="a\\"b\\\\",code="0"} 1\n' in text
    assert 'kiosk_request_seconds_bucket{le="0.0025"} 0\n' in text
    assert 'kiosk_request_seconds_bucket{le="0.005"} 1\n' in text
    assert 'kiosk_request_seconds_bucket{le="+Inf"} 1\n' in text
    assert "kiosk_stream_received_bps 600000\n" in text
    assert "kiosk_fleet_silent 1\n" in text
    assert "kiosk_store_waiting 3\n" in text
    assert "kiosk_store_refused_total 4\n" in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2
