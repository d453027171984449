"""Names are looked up once for all who wait, and nobody has to wait for the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest

from kiosk.last_addresses import LastAddresses
from kiosk.roomclient.names import Names
from tests.fakes.eventually import eventually
from tests.fakes.programs import ROOT


class Resolver:
    """Answers when it is told to, and counts how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self.asked = 0
        self.answers = threading.Event()

    def look_up(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        assert self.answers.wait(10.0)
        if not self._addresses:
            raise OSError(-2, f"{host} is unknown")
        return self._addresses


async def test_all_who_wait_for_a_name_share_one_look() -> None:
    resolver = Resolver("192.0.2.1", "192.0.2.2")
    names = Names(resolver.look_up)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        waits = [tasks.create_task(names.addresses("room.test", 80)) for _ in range(9)]
        await eventually(lambda: resolver.asked > 0)
        resolver.answers.set()

    assert [wait.result() for wait in waits] == [("192.0.2.1", "192.0.2.2")] * 9
    assert resolver.asked == 1


async def test_a_name_that_is_unknown_is_asked_for_again_the_next_time() -> None:
    resolver = Resolver()
    resolver.answers.set()
    names = Names(resolver.look_up)
    for times in (1, 2):
        with pytest.raises(OSError, match=r"room\.test is unknown"):
            await names.addresses("room.test", 80)

        assert resolver.asked == times


async def test_a_look_that_fails_in_an_unheard_of_way_does_not_block_the_name() -> None:
    answers: list[Exception | str] = [ValueError("embedded null"), "192.0.2.1"]

    def look_up(host: str, port: int) -> Sequence[str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [answer]

    names = Names(look_up)
    async with asyncio.timeout(5):
        with pytest.raises(OSError, match=r"room\.test.*embedded null"):
            await names.addresses("room.test", 80)

        assert await names.addresses("room.test", 80) == ["192.0.2.1"]


async def test_a_name_is_asked_for_again_once_there_are_threads_again() -> None:
    names = Names(lambda host, port: ["192.0.2.1"])
    async with asyncio.timeout(5):
        before = threading.stack_size(1 << 46)  # more than there is: none can start
        try:
            with pytest.raises(OSError, match="can't start new thread"):
                await names.addresses("room.test", 80)
        finally:
            threading.stack_size(before)

        assert await names.addresses("room.test", 80) == ["192.0.2.1"]


async def test_whoever_gives_up_does_not_take_the_answer_from_the_others() -> None:
    resolver = Resolver("192.0.2.1")
    names = Names(resolver.look_up)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        gives_up = tasks.create_task(names.addresses("room.test", 80))
        waits = tasks.create_task(names.addresses("room.test", 80))
        await eventually(lambda: resolver.asked > 0)
        gives_up.cancel()
        await asyncio.wait({gives_up})
        resolver.answers.set()

    assert waits.result() == ("192.0.2.1",)


async def test_numbers_are_not_looked_up_and_no_name_is_no_name() -> None:
    resolver = Resolver()
    assert await Names(resolver.look_up).addresses("::1", 80) == ["::1"]
    assert resolver.asked == 0

    with pytest.raises(OSError, match="no host name"):
        await Names().addresses("a" * 64 + ".test", 80)


def test_a_resolver_that_is_away_does_not_hold_up_the_end_of_the_process() -> None:
    script = """
import asyncio, time
from kiosk.last_addresses import LastAddresses
from kiosk.roomclient.names import Names

def is_away(host, port):
    time.sleep(300)

async def main():
    try:
        async with asyncio.timeout(0.2):
            await Names(is_away).addresses("room.test", 80)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        timeout=50,
        check=True,
    )

    assert done.stdout.strip() == b"given up"
    assert time.monotonic() - began < 50  # a busy machine starts slowly


async def test_a_server_is_found_where_it_was_while_its_name_is_not_answered() -> None:
    resolver = Resolver("192.0.2.1")
    resolver.answers.set()
    names = Names(resolver.look_up, LastAddresses())
    async with asyncio.timeout(20):
        assert await names.addresses("room.test", 80) == ("192.0.2.1",)
        resolver.answers.clear()  # the name server says nothing more
        try:
            assert await names.addresses("room.test", 80) == ("192.0.2.1",)
            assert await names.addresses("room.test", 80) == ("192.0.2.1",)
            assert resolver.asked == 2  # the second look is under way still
        finally:
            resolver.answers.set()


async def test_a_server_is_found_where_it_was_while_its_name_is_unknown() -> None:
    known = ["192.0.2.1"]

    def look_up(host: str, port: int) -> Sequence[str]:
        if not known:
            raise OSError(-2, f"{host} is unknown")
        return list(known)

    names = Names(look_up, LastAddresses())
    async with asyncio.timeout(20):
        assert await names.addresses("room.test", 80) == ["192.0.2.1"]
        known.clear()
        assert await names.addresses("room.test", 80) == ["192.0.2.1"]
        known.append("192.0.2.2")
        found: Sequence[str] = ()
        while found != ["192.0.2.2"]:  # a slow look is waited for half a second only
            found = await names.addresses("room.test", 80)
