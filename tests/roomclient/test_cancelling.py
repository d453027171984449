"""Requests that are cancelled give their connections back, however many they are."""

from __future__ import annotations

import asyncio
import gc
import random

import httpx
import pytest

from kiosk.roomclient.cancelling import within


POOL = 2
ROUNDS = 400


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


# anyio 4.8 leaves a socket cancelled in the middle of its connect to the
# garbage collector; 4.16 closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_a_pool_survives_hundreds_of_cancelled_requests() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    limits = httpx.Limits(max_connections=POOL)
    turns = random.Random(7)
    async with httpx.AsyncClient(timeout=None, limits=limits, trust_env=False) as http:

        async def work() -> int:
            request = http.build_request("GET", url)
            response = await http.send(request, stream=True)
            try:
                async for _ in response.aiter_raw():
                    pass
            finally:
                await response.aclose()
            return response.status_code

        for _ in range(ROUNDS):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(within(5, work))
                for _ in range(turns.randrange(14)):
                    await asyncio.sleep(0)
                task.cancel()

        assert await within(5, work) == 200
    gc.collect()  # the sockets of anyio 4.8
    await asyncio.sleep(0.05)
    server.close()


async def test_work_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.Event().wait)


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await within(1, work)
