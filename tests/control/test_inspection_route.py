"""What the daemon finds out about itself, through the control socket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.fakes.control_serving import serving
from tests.fakes.controlled_daemon import FakeDaemon


async def test_the_rows_of_an_inspection_arrive_with_what_is_wrong_and_the_cure(
    tmp_path: Path,
) -> None:
    daemon = FakeDaemon()
    async with serving(tmp_path / "s", daemon) as client:
        rows = await asyncio.to_thread(client.inspection)

    assert daemon.asked == [("inspect", "")]
    assert rows == [
        {
            "what": "camera",
            "found": "nothing",
            "wrong": "no camera",
            "cure": "plug it in",
        }
    ]
