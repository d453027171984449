from __future__ import annotations

import asyncio

from kiosk.roomserver.long_polls import LongPolls
from tests.fakes.eventually import eventually


async def waited(polls: LongPolls, room_id: str, user_id: str, hold_s: float) -> None:
    wait = polls.begin(room_id, user_id)
    try:
        await wait.over(hold_s)
    finally:
        polls.end(wait)


async def test_a_wait_ends_by_itself_after_its_time() -> None:
    polls = LongPolls()

    await waited(polls, "desk", "kiosk", 0.01)

    assert len(polls) == 0


async def test_an_event_ends_the_waits_of_its_room_only() -> None:
    polls = LongPolls()
    async with asyncio.TaskGroup() as tasks:
        here = tasks.create_task(waited(polls, "desk", "kiosk", 30.0))
        there = tasks.create_task(waited(polls, "other", "kiosk", 30.0))
        await eventually(lambda: len(polls) == 2)
        polls.ring("desk")
        await here

        assert not there.done()
        polls.ring("other")
    assert len(polls) == 0


async def test_a_newer_wait_of_a_member_sends_the_older_home() -> None:
    polls = LongPolls()
    async with asyncio.TaskGroup() as tasks:
        older = tasks.create_task(waited(polls, "desk", "kiosk", 30.0))
        await eventually(lambda: len(polls) == 1)
        newer = tasks.create_task(waited(polls, "desk", "kiosk", 30.0))
        await older

        assert len(polls) == 1
        assert not newer.done()
        polls.ring("desk")


async def test_a_wait_that_is_cancelled_is_forgotten() -> None:
    polls = LongPolls()
    async with asyncio.TaskGroup() as tasks:
        wait = tasks.create_task(waited(polls, "desk", "kiosk", 30.0))
        await eventually(lambda: len(polls) == 1)
        wait.cancel()

    assert len(polls) == 0


async def test_an_event_between_the_question_and_the_wait_is_not_missed() -> None:
    polls = LongPolls()
    wait = polls.begin("desk", "kiosk")
    polls.ring("desk")

    async with asyncio.timeout(10.0):
        await wait.over(30.0)


async def test_shutdown_ends_every_wait_and_begins_no_new_one() -> None:
    polls = LongPolls()
    async with asyncio.TaskGroup() as tasks:
        for user in ("agent", "kiosk"):
            tasks.create_task(waited(polls, "desk", user, 30.0))
        await eventually(lambda: len(polls) == 2)
        polls.release_all()
        polls.release_all()
    await waited(polls, "desk", "kiosk", 30.0)

    assert len(polls) == 0


def test_who_waited_is_told_when_to_return_only_at_shutdown() -> None:
    drawn = iter((0.0, 0.5, 1.0))
    polls = LongPolls(lambda: next(drawn))

    assert polls.retry_ms() == 0
    polls.release_all()
    assert [polls.retry_ms() for _ in range(3)] == [1000, 2000, 3000]
