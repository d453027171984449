"""The sample for programs completes a call as it stands."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest


SAMPLE = Path(__file__).with_name("rtcroom_sample.py")


def test_the_sample_is_at_most_30_lines() -> None:
    assert len(SAMPLE.read_text("utf-8").splitlines()) <= 30


@pytest.mark.e2e
async def test_the_sample_completes_a_call() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SAMPLE),
        cwd=SAMPLE.parents[2],
        env={"PYTHONPATH": str(SAMPLE.parents[2]), "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(40.0):
            printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    lines = sorted(line.split("(")[0] for line in printed.decode().splitlines())
    assert process.returncode == 0
    assert lines == [
        "Anna OnPlayEvent",
        "Anna OnRecvRoomTextMsg",
        "Bert OnPlayEvent",
        "Bert OnRecvRoomTextMsg",
    ]
