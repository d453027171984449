"""The work of a call, and what becomes of it when the process ends."""

from __future__ import annotations

import asyncio

from kiosk.daemon.work import Work


async def test_what_media_still_report_once_all_is_over_begins_nothing() -> None:
    begun: list[str] = []

    async def fetch_a_url() -> None:
        begun.append("url")

    async with asyncio.TaskGroup() as group:
        work = Work(group)
        assert await work.closed(1.0)
        work.begin(fetch_a_url)
    work.begin(fetch_a_url)

    assert not begun


async def test_what_does_not_close_in_time_is_given_up_and_said() -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        work = Work(group)
        work.close(hang)
        assert not await work.closed(0.01)
