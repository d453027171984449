"""Requests that are cancelled give their connections back, however many they are."""

from __future__ import annotations

import asyncio
import random

import pytest

from kiosk.roomclient.cancelling import within
from tests.fakes.http_listener import OK, Listener, asking, until


ROUNDS = 400


async def test_a_pool_survives_hundreds_of_cancelled_requests() -> None:
    listener = Listener(OK)
    turns = random.Random(7)
    async with asking(listener) as http:

        async def work() -> int:
            response = await http.send(http.build_request("GET", "/"), stream=True)
            try:
                async for _ in response.aiter_raw():
                    pass
            finally:
                await response.aclose()
            return response.status_code

        for _ in range(ROUNDS):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(within(5, work))
                for _ in range(turns.randrange(16)):
                    await asyncio.sleep(0)
                task.cancel()

        assert await within(5, work) == 200
        await until(lambda: listener.open == 1)


async def test_work_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.Event().wait)


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await within(1, work)
