"""The whole server on real ports."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
from typing_extensions import override

from kiosk.room import messages as msg
from kiosk.room.roster import digest
from kiosk.roomserver.http_server import named
from kiosk.roomserver.service import ServerAddresses, outlive, serve, sweep_forever
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import ForgetfulLedger, StoreAway, T
from tests.fakes.room_server import members_of, running_server


async def test_two_members_meet_wait_and_part_over_real_ports() -> None:
    async with (
        running_server() as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
        asyncio.TaskGroup() as tasks,
    ):
        await agent.create()
        waiting = tasks.create_task(agent.ask(msg.WaitEvents("desk", "agent", 1, 20.0)))
        await kiosk.join()
        events = await waiting
        room = await kiosk.ask(msg.GetPushers("desk"))

        assert [event.user_id for event in events.events] == ["kiosk"]
        host, port = at.rtmp
        for seat in room.members:
            assert seat.play_url.startswith(f"rtmp://{host}:{port}/live/")
        assert events.digest == digest(room.members)
        assert events.retry_ms == 0


async def test_stopping_answers_pending_waits_and_frees_both_ports() -> None:
    async with running_server() as (at, server):
        async with members_of(at, "agent") as (agent,), asyncio.TaskGroup() as tasks:
            await agent.create()
            wait = msg.WaitEvents("desk", "agent", 1, 20.0)
            waiting = tasks.create_task(agent.ask(wait))
            await asyncio.sleep(0.1)
            server.cancel()
        await asyncio.wait({server})

    assert waiting.result().events == ()
    assert 1000 <= waiting.result().retry_ms <= 3000
    for host, port in (at.http, at.rtmp):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))


async def test_stopping_tells_who_waits_in_line_that_his_place_is_kept() -> None:
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with running_server(settings) as (at, server):
        async with (
            members_of(at, "agent", "guest", "kiosk") as (agent, guest, kiosk),
            asyncio.TaskGroup() as tasks,
        ):
            await agent.create()
            await guest.join()
            first = await kiosk.ask(msg.QueueSeat("kiosk", ("desk",)))
            held = msg.QueueSeat("kiosk", ("desk",), first.position, 20.0)
            waiting = tasks.create_task(kiosk.ask(held))
            await asyncio.sleep(0.1)
            server.cancel()
        await asyncio.wait({server})

    assert (first.position, first.retry_ms) == (1, 0)
    assert waiting.result().position == 1
    assert 1000 <= waiting.result().retry_ms <= 3000


@pytest.mark.parametrize("what", ["http", "rtmp"])
async def test_a_busy_port_is_named(what: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"http_port": 0, "rtmp_port": 0, f"{what}_port": port}

        cure = "another port"
        told = rf"{what} 127\.0\.0\.1:{port}: .*in use; .*{cure}"
        with pytest.raises(OSError, match=told):
            await serve(ServerSettings(**ports), lambda _: None)


@pytest.mark.parametrize(
    ("host", "cause"),
    [
        ("192.0.2.1", "Cannot assign requested address; this machine has no such"),
        ("nobody.invalid", "Name or service not known; no such host is known"),
        ("x" * 64, "no host name"),
    ],
)
async def test_a_host_that_is_not_ours_is_named(host: str, cause: str) -> None:
    with pytest.raises(OSError, match=rf"http {host}:8080: {cause}"):
        await serve(ServerSettings(http_host=host), lambda _: None)


def test_an_error_without_a_system_number_keeps_its_own_text() -> None:
    assert "http h:1: odd" in str(named(OSError("odd"), "http", "h:1"))
    unknown = socket.gaierror(-2, "Name or service not known")
    assert "http h:1: Name or" in str(named(unknown, "http", "h:1"))


def test_the_address_for_clients_is_a_url() -> None:
    assert ServerAddresses(("::1", 80), ("::1", 1935)).http_url == "http://[::1]:80"


async def test_a_server_that_dies_by_itself_is_noticed() -> None:
    async with asyncio.TaskGroup() as tasks:
        dying = tasks.create_task(asyncio.sleep(0))

        with pytest.raises(RuntimeError, match="ended by itself"):
            await outlive(dying)


class Enough(Exception):
    """Ends a sweeping that has no end."""


async def test_the_sweep_survives_whatever_happens_in_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sweeps = 0

    def fail() -> None:
        raise ZeroDivisionError

    def count() -> None:
        nonlocal sweeps
        sweeps += 1

    async def sleep(seconds: float) -> None:
        assert seconds == 5.0
        if sweeps == 3:
            raise Enough

    with pytest.raises(Enough):
        await sweep_forever((fail, count), 5.0, ForgetfulLedger(), sleep, lambda: 0.0)

    assert sweeps == 3
    assert caplog.text.count("sweep failed") == 3


class SlowLedger(ForgetfulLedger):
    """A store on a clock of its own: each turn takes a while, some are not given."""

    def __init__(self, turn_s: float, away_until: float = 0.0) -> None:
        super().__init__()
        self.now = 0.0
        self._turn_s, self._away_until = turn_s, away_until

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now > 30.0:
            raise Enough

    @override
    async def turn(self, act: Callable[[], T]) -> T:
        self.now += self._turn_s
        if self.now < self._away_until:
            raise StoreAway
        return act()


async def test_a_sweep_begins_a_period_after_the_last_however_long_that_took() -> None:
    ledger, began = SlowLedger(turn_s=0.5), list[float]()

    with pytest.raises(Enough):
        await sweep_forever(
            (lambda: began.append(ledger.now), lambda: None, lambda: None),
            5.0,
            ledger,
            ledger.sleep,
            lambda: ledger.now,
        )

    assert began == [5.5, 10.5, 15.5, 20.5, 25.5, 30.5]


async def test_a_sweep_the_store_gave_no_turn_comes_as_soon_as_there_is_one() -> None:
    ledger, began = SlowLedger(turn_s=0.0, away_until=7.0), list[float]()

    with pytest.raises(Enough):
        await sweep_forever(
            (lambda: began.append(ledger.now),),
            5.0,
            ledger,
            ledger.sleep,
            lambda: ledger.now,
        )

    assert began[0] == pytest.approx(7.0, abs=0.2)
    assert began[1] == pytest.approx(began[0] + 5.0)
