"""A room server whose streams go through nginx, asked by nginx at every turn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.media_settings import MediaKind, MediaSettings
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtmp.events import VideoTag
from tests.fakes.room_server import Member, members_of, running_server
from tests.fakes.rtmp_sockets import (
    AUDIO_CONFIG,
    IDR,
    VIDEO_CONFIG,
    playing,
    publishing,
)
from tests.fakes.strangers import (
    NGINX_RTMP,
    ffmpeg_pull,
    ffmpeg_push,
    free_port,
    output_of,
    program,
    running,
)


pytestmark = pytest.mark.e2e

SAMPLE = Path(__file__).parents[2] / "config" / "media" / "nginx.conf"
SECRET = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
ON_CLOSING_IT_FAILS = 12.0


def sample(prefix: Path, http: int, rtmp: int, control: int) -> Path:
    """Write our sample with free ports, in a folder of its own."""
    text = SAMPLE.read_text("utf-8")
    text = text.replace("modules/ngx_rtmp_module.so", str(NGINX_RTMP))
    text = text.replace("YOUR-HOOK-SECRET", SECRET)
    for usual, port in ((8080, http), (1935, rtmp), (8081, control)):
        text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
    own = f"daemon off;\nmaster_process off;\npid {prefix}/nginx.pid;\n"
    logs = f"error_log {prefix}/error.log info;\n"
    folders = "".join(
        f"    {kind}_temp_path {prefix}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = re.sub(r"(?m)^http \{\n", f"http {{\n{folders}", text)
    path = prefix / "nginx.conf"
    path.write_text(own + logs + text)
    return path


@asynccontextmanager
async def nginx_at(conf: Path, port: int) -> AsyncIterator[None]:
    """Run nginx until the test ends."""
    command = (program("nginx"), "-p", str(conf.parent), "-c", str(conf))
    async with running(*command) as process:
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    assert process.returncode is None, "nginx ended at once"
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    await writer.wait_closed()
                    break
        yield


async def test_nginx_accepts_our_sample(tmp_path: Path) -> None:
    conf = sample(tmp_path, 8080, free_port(), free_port())
    command = (program("nginx"), "-t", "-p", str(tmp_path), "-c", str(conf))

    async with running(*command) as process:
        said = await output_of(process, 10)

    assert "test is successful" in said, said
    assert process.returncode == 0


@asynccontextmanager
async def call_through_nginx(
    prefix: Path, *, tickets: bool
) -> AsyncIterator[tuple[Member, Member]]:
    """Run a room server and nginx, each in charge of the other; log two users in."""
    http, rtmp, control = (free_port() for _ in range(3))
    media = MediaSettings(
        MediaKind.NGINX,
        f"rtmp://127.0.0.1:{rtmp}/live/{{stream}}",
        hook_secret=SECRET.encode(),
        control_url=f"http://127.0.0.1:{control}/control",
    )
    settings = ServerSettings(http_port=http, media=media)
    conf = sample(prefix, http, rtmp, control)
    async with (
        nginx_at(conf, rtmp),
        running_server(settings) as (at, _),
        members_of(at, "agent", "kiosk") as (agent, kiosk),
    ):
        agent.tickets = kiosk.tickets = tickets
        yield agent, kiosk


async def test_a_call_goes_through_nginx_and_ends_there(tmp_path: Path) -> None:
    async with call_through_nginx(tmp_path, tickets=False) as (agent, kiosk):
        url = await agent.create()
        forged = re.sub(r"txSecret=.{8}", "txSecret=00000000", url)
        async with running(*ffmpeg_push(forged, 5)) as refused:
            await output_of(refused, 10)

        async with running(*ffmpeg_push(url, 30)) as pushing:
            await kiosk.join()
            pull = await kiosk.play_url("agent")
            async with running(*ffmpeg_pull(pull, 10)) as pulling:
                seen = await output_of(pulling, 10)
            await agent.ask(msg.DeletePusher("desk", "agent"))
            # The room server tells nginx to drop the publisher: it does not wait
            # the 30 s it was going to publish.
            await output_of(pushing, ON_CLOSING_IT_FAILS)
        async with running(*ffmpeg_push(url, 5)) as again:
            await output_of(again, 10)

    assert refused.returncode != 0
    assert "frame=   10" in seen, seen
    assert pulling.returncode == 0
    assert again.returncode != 0


async def test_tickets_work_through_nginx_as_through_our_relay(tmp_path: Path) -> None:
    async with call_through_nginx(tmp_path, tickets=True) as (agent, kiosk):
        url = await agent.create()
        async with publishing(url) as publisher:
            publisher.send(0, VIDEO_CONFIG, AUDIO_CONFIG, IDR)
            await kiosk.join()
            async with (
                playing(await kiosk.play_url("agent")) as leaver,
                playing(await agent.play_url("agent")) as stays,
            ):
                publisher.send(40, IDR)
                await leaver.wait_for_video(1)
                await stays.wait_for_video(1)
                await kiosk.ask(msg.DeletePusher("desk", "kiosk"))

                await leaver.wait_for_end(3.0)
                before = stays.count(VideoTag)
                publisher.send(80, IDR)
                await stays.wait_for_video(before + 1)
        async with running(*ffmpeg_push(url, 5)) as again:
            await output_of(again, 10)

    assert again.returncode != 0
