"""
Other people's media software, run as processes: ffmpeg, ffprobe, nginx-rtmp.

Nothing is skipped when one is absent: the failure names the package.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest


NGINX_RTMP = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_DEBIAN_PACKAGES = "ffmpeg nginx libnginx-mod-rtmp"

_NGINX_CONF = """\
load_module {module};
daemon off;
master_process off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log info;
events {{ worker_connections 64; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    ping 500ms;
    ping_timeout 2s;
    application live {{ live on; drop_idle_publisher 5s; }}
  }}
}}
"""


def program(name: str) -> str:
    """Return the path of a program, or fail with the cure."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{name} is not installed: sudo apt-get install {_DEBIAN_PACKAGES}")
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program; it is killed and reaped at the end."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def output_of(process: asyncio.subprocess.Process, seconds: float) -> str:
    """Return what a program printed until it ended."""
    async with asyncio.timeout(seconds):
        printed, _ = await process.communicate()
    return printed.decode("utf-8", "replace")


def ffmpeg_push(url: str, seconds: float, *, size: str = "320x240") -> list[str]:
    """Return a command that publishes a moving picture and a tone, in real time."""
    return [
        *(program("ffmpeg"), "-nostdin", "-loglevel", "warning", "-re"),
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
        *("-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast"),
        *("-tune", "zerolatency", "-g", "12", "-b:v", "300k", "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "48k", "-ac", "1", "-f", "flv", url),
    ]


def ffmpeg_pull(url: str, frames: int) -> list[str]:
    """Return a command that decodes so many pictures and says what it saw."""
    return [
        *(program("ffmpeg"), "-nostdin", "-loglevel", "info", "-xerror"),
        *("-probesize", "500000", "-analyzeduration", "1500000", "-i", url),
        *("-frames:v", str(frames), "-f", "null", "-"),
    ]


def _nginx_command(prefix: Path, port: int) -> list[str]:
    nginx = program("nginx")
    if not NGINX_RTMP.exists():
        pytest.fail(f"{NGINX_RTMP} is absent: sudo apt-get install {_DEBIAN_PACKAGES}")
    conf = prefix / "nginx.conf"
    conf.write_text(_NGINX_CONF.format(module=NGINX_RTMP, prefix=prefix, port=port))
    return [nginx, "-p", str(prefix), "-c", str(conf)]


@asynccontextmanager
async def nginx_rtmp(prefix: Path) -> AsyncIterator[int]:
    """Run nginx with its RTMP module on a free port; yield the port."""
    port = free_port()
    async with running(*_nginx_command(prefix, port)) as process:
        async with asyncio.timeout(5):
            while not await _listens(port):
                assert process.returncode is None, f"nginx ended, see {prefix}"
                await asyncio.sleep(0.02)
        yield port


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
