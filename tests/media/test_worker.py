"""Owned threads: bounded ends, errors handed on, progress counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.media.worker import BlockingCall, Worker, WorkerRegistry, ZombieWorker
from tests.fakes.media_kit import until


def stuck_until(release: threading.Event) -> Callable[[Worker], None]:
    def body(worker: Worker) -> None:
        release.wait(30)

    return body


def patient(worker: Worker) -> None:
    while not worker.stopping.wait(0.01):
        worker.beat()


async def test_a_worker_runs_under_its_name_until_it_is_stopped() -> None:
    names: list[str] = []
    worker = Worker("render", lambda own: names.append(threading.current_thread().name))
    worker.start()
    await worker.ended()
    await worker.stop()
    await worker.stop()

    assert names == ["render"]
    assert not worker.is_running


async def test_a_worker_that_was_never_started_can_be_stopped() -> None:
    worker = Worker("render", patient)

    await worker.stop()

    assert not worker.is_running


async def test_stopping_wakes_what_the_body_waits_for() -> None:
    wakes = threading.Event()

    def sleepy(worker: Worker) -> None:
        wakes.wait(30)

    async with Worker("sleepy", sleepy, wake=wakes.set) as worker:
        assert worker.is_running

    assert not worker.is_running


async def test_a_thread_that_does_not_end_is_a_zombie() -> None:
    release = threading.Event()
    worker = Worker("stuck", stuck_until(release), join_within=0.05)
    worker.start()

    with pytest.raises(ZombieWorker, match="stuck"):
        await worker.stop()

    release.set()
    await worker.ended()


async def test_a_zombie_is_told_even_when_something_else_failed() -> None:
    release = threading.Event()
    worker = Worker("stuck", stuck_until(release), join_within=0.05)

    with pytest.raises(ZombieWorker):
        async with worker:
            raise KeyError("first")

    release.set()
    await worker.ended()


def broken(worker: Worker) -> None:
    raise ValueError("a mistake in the program")


async def test_an_error_of_the_body_reaches_the_loop_and_the_owner() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: told.append(context)
    )
    with pytest.raises(ValueError, match="mistake"):
        async with Worker("broken", broken) as worker:
            await until(lambda: not worker.is_running)

    assert told[0]["message"] == "thread broken ended by an error"
    assert isinstance(told[0]["exception"], ValueError)


async def test_an_error_of_the_owner_is_not_hidden_by_one_of_the_body() -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    with pytest.raises(KeyError):
        async with Worker("broken", broken):
            raise KeyError("first")


async def test_the_registry_knows_the_progress_of_those_that_run() -> None:
    registry = WorkerRegistry()
    async with Worker("one", patient, registry=registry):
        first = registry.progress()
        await until(lambda: registry.progress()["one#1"] > first["one#1"])
        async with Worker("one", patient, registry=registry):
            both = set(registry.progress())

    assert both == {"one#1", "one#2"}
    assert registry.progress() == {}


def test_a_thread_that_outlives_its_loop_tells_nobody() -> None:
    release = threading.Event()
    threads: list[threading.Thread] = []

    async def abandon() -> None:
        worker = Worker("late", stuck_until(release))
        worker.start()
        threads.append(worker._thread)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(abandon())
    loop.close()
    release.set()
    threads[0].join(2.0)

    assert not threads[0].is_alive()


async def test_a_blocking_call_returns_its_value() -> None:
    call = BlockingCall("add", lambda: 1 + 1)

    assert await call.result() == 2
    await call.finished()


async def test_a_blocking_call_raises_its_error_and_still_finishes() -> None:
    def fail() -> None:
        raise OSError("absent")

    call = BlockingCall("fail", fail)
    with pytest.raises(OSError, match="absent"):
        await call.result()
    await call.finished()


async def test_the_loop_turns_while_a_call_blocks() -> None:
    release = threading.Event()
    call = BlockingCall("nap", lambda: release.wait(30))
    for _ in range(10):
        await asyncio.sleep(0.005)
    is_blocked = not call._result.done()
    release.set()
    await call.finished()

    assert is_blocked
