"""What needs no waiting is answered at once, and takes nobody's turn for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.admission import Admission, AdmissionLimits, RouteClass
from kiosk.roomserver.border import Border, BorderLimits
from kiosk.roomserver.http import Door
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.pending import Pending
from kiosk.roomserver.store_ledger import Shelf
from tests.fakes.eventually import eventually
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.lives import DURABLE, STORES, Life, life_on
from tests.fakes.raw_http import HEARTBEAT, LIST, post, raw_server
from tests.fakes.room_core import FakeCore


@pytest.fixture(params=STORES)
def life(request: pytest.FixtureRequest) -> Iterator[Life]:
    with life_on(request.param) as there:
        yield there


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest) -> Iterator[Life]:
    with life_on(request.param) as there:
        yield there


async def test_one_client_that_asks_much_at_once_lets_the_others_through() -> None:
    asked: list[bytes] = []

    def app(request: HttpRequest) -> HttpAnswer:
        asked.append(request.body)
        return HttpAnswer(b"{}")

    async with raw_server(BorderLimits(), app) as connect:
        greedy, other = await connect(), await connect()
        greedy.send(post(body=b"many") * 60)
        other.send(post(body=b"one"))
        for _ in range(60):
            await greedy.answer()
        await other.answer()

    assert sorted(asked) == [b"many"] * 60 + [b"one"]
    assert asked.index(b"one") < 30


async def test_a_crowd_that_comes_in_one_turn_is_put_off_and_its_heartbeats_are_not() -> (
    None
):
    limits = BorderLimits(admission=AdmissionLimits(ordinary=32))
    async with raw_server(limits, lambda _: HttpAnswer(b"{}")) as connect:
        crowd = [await connect() for _ in range(100)]
        members = [await connect() for _ in range(20)]
        for client in crowd:
            client.send(post())
        for client in members:
            client.send(post(HEARTBEAT))
        statuses = [(await client.answer())[0] for client in crowd]
        beats = [(await client.answer())[0] for client in members]
        later = [await client.ask(post()) for client in crowd[:40]]

    assert set(statuses) == {200, 503}
    assert beats == [200] * 20
    assert later == [200] * 40


async def test_what_was_answered_is_no_longer_counted_once_nobody_asks() -> None:
    limits = BorderLimits(admission=AdmissionLimits(ordinary=64))
    border = Border(limits, lambda _: HttpAnswer(b"{}"))
    for _ in range(3):
        assert border.admission.begin(RouteClass.ORDINARY)
        border.answered_at_once(RouteClass.ORDINARY)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(border.watch())

        await eventually(lambda: let_in_by(border.admission) == 64)
        watching.cancel()


def let_in_by(admission: Admission) -> int:
    """Return how many requests may be in work beside those that are."""
    count = 0
    while admission.begin(RouteClass.ORDINARY):
        count += 1
    for _ in range(count):
        admission.end(RouteClass.ORDINARY)
    return count


async def test_an_application_that_fails_at_once_is_500_and_the_next_is_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def app(request: HttpRequest) -> HttpAnswer:
        if request.body == b"broken":
            raise ZeroDivisionError
        return HttpAnswer(b"{}")

    limits = BorderLimits(admission=AdmissionLimits(ordinary=1))
    async with raw_server(limits, app) as connect:
        client = await connect()
        statuses = [await client.ask(post(LIST, body)) for body in (b"broken", b"well")]

    assert statuses == [500, 200]
    assert "request failed" in caplog.text


async def test_a_wait_whose_path_is_written_oddly_is_held_as_well() -> None:
    core, polls = FakeCore(), LongPolls()
    core.create("agent")
    core.log_in("kiosk")
    asked = msg.WaitEvents("desk", "agent", 1, 20.0)
    query = msg.Credentials("agent", core.tokens["agent"]).to_query()
    server = HttpInMemory(Door(core.routes, polls))
    url = f"http://server{msg.path_of(asked)}/"
    async with (
        httpx.AsyncClient(transport=server) as client,
        asyncio.TaskGroup() as tasks,
    ):
        waiting = tasks.create_task(
            client.post(url, json=asked.to_wire(), params=query)
        )
        await eventually(lambda: len(polls) == 1)
        core.join("kiosk")
        polls.ring("desk")

    assert [event["userID"] for event in waiting.result().json()["events"]] == ["kiosk"]
    assert len(polls) == 0


async def test_what_is_told_at_once_or_later_is_what_was_returned(life: Life) -> None:
    async with life() as ledger:
        result = ledger.at_once(lambda: 7)

        assert (await result if isinstance(result, Pending) else result) == 7


async def test_what_tells_of_a_change_comes_once_the_change_is_written(
    durable: Life,
) -> None:
    def change() -> int:
        ledger.note(Shelf.ROOM, "a", {"x": 1})
        return 7

    async with durable() as ledger:
        result = ledger.at_once(change)

        assert isinstance(result, Pending)
        assert await result == 7
    async with durable() as ledger:
        assert ledger.facts(Shelf.ROOM) == (("a", {"x": 1}),)


async def test_what_is_given_up_before_its_task_ran_never_began() -> None:
    begun: list[int] = []

    async def wait() -> int:
        begun.append(1)
        return 1

    async def over(pending: Pending[int]) -> int:
        return await pending

    given_up = asyncio.get_running_loop().create_task(over(Pending(wait)))
    given_up.cancel()
    await asyncio.wait({given_up})

    assert given_up.cancelled()
    assert begun == []
    assert await Pending(wait) == 1
