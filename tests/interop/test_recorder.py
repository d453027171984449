"""Our relay's tee into other people's software: nginx-rtmp takes it, ffmpeg decodes it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kiosk.room import messages as msg
from tests.fakes.branch import Branch
from tests.fakes.programs import Server
from tests.fakes.room_server import Member, members_at
from tests.fakes.strangers import (
    ffmpeg_pull,
    ffmpeg_push,
    nginx_rtmp,
    output_of,
    running,
)


pytestmark = pytest.mark.e2e

PICTURES = 50


async def is_recorded(member: Member, *, wanted: bool) -> None:
    """Return when heartbeats say so."""
    async with asyncio.timeout(15):
        while True:
            seated = await member.ask(msg.PusherHeartbeat("desk", member.user))
            if seated.recording is wanted:
                return
            await asyncio.sleep(0.05)


def written_bytes(server: Server) -> int:
    """Return what the process gave to disks, as the kernel counts."""
    counters = Path(f"/proc/{server.pid}/io").read_text("ascii").split()
    return int(counters[counters.index("write_bytes:") + 1])


async def test_nginx_records_what_ffmpeg_decodes_and_our_disk_gets_nothing(
    tmp_path: Path,
) -> None:
    async with nginx_rtmp(tmp_path) as port:
        with Branch() as branch:
            url = f"rtmp://127.0.0.1:{port}/live/{{room}}-{{user}}"
            server = branch.start_server(
                # Its log goes to a disk, so it says nothing; rooms would go to one.
                {
                    "recorder": {"url": url},
                    "log": {"level": "error"},
                    "store": {"path": "off"},
                }
            )
            async with members_at(server.url, "kiosk") as (kiosk,):
                push_url = await kiosk.create()
                before = written_bytes(server)
                async with running(*ffmpeg_push(push_url, 20)):
                    await is_recorded(kiosk, wanted=True)
                    recorded = f"rtmp://127.0.0.1:{port}/live/desk-kiosk"
                    async with running(*ffmpeg_pull(recorded, PICTURES)) as decoder:
                        told = await output_of(decoder, 20)

                    # -xerror: one broken picture would have ended it with 1.
                    assert decoder.returncode == 0, told
                    assert f"frame={PICTURES:>5}" in told
                    assert "Video: h264" in told
                    assert "Audio: aac" in told
                    await is_recorded(kiosk, wanted=True)
                await is_recorded(kiosk, wanted=False)
                assert written_bytes(server) == before
