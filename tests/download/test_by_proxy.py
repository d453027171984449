"""Downloads through a site's proxy, which alone knows the server's name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.download import Download, Limits
from kiosk.errors import DownloadFailed
from tests.fakes.connect_proxy import ConnectProxy, connect_proxy
from tests.fakes.own_thread import on_its_own_thread
from tests.fakes.web_server import WebServer, serving, whole


CONTENT = b"all of it" * 1000
LIMITS = Limits(most_bytes=1 << 20, deadline_s=10.0, stall_s=0.5, attempts=2)
PASSWORD = "canary-of-the-proxy"


@contextmanager
def proxied(
    folder: Path, answer: bytes | None = None
) -> Generator[tuple[WebServer, ConnectProxy]]:
    """Serve a file behind a proxy; the proxy may say something else."""
    names = {"files.invalid": "127.0.0.1"}
    with (
        serving(folder, whole(CONTENT), host="files.invalid") as server,
        on_its_own_thread("proxy", lambda: connect_proxy(names, answer)) as (_, proxy),
    ):
        yield server, proxy


def download(server: WebServer, proxy: ConnectProxy, path: Path) -> Download:
    async def at_once(seconds: float) -> None:
        assert seconds > 0

    way = proxy.way("branch-12", PASSWORD)
    return Download(server.url, path, LIMITS, server.tls(), sleep=at_once, proxy=way)


def test_a_file_comes_by_the_proxy_under_the_servers_own_certificate(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bundle.tar"
    with proxied(tmp_path) as (server, proxy):
        download(server, proxy, path).fetch()

    assert path.read_bytes() == CONTENT
    assert proxy.asked[0].startswith("CONNECT files.invalid:")
    assert proxy.proofs[0].startswith("Proxy-Authorization: Basic ")
    assert "proxy-authorization" not in server.asked[0].headers


def test_a_server_on_this_machine_is_reached_without_it(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    with (
        serving(tmp_path, whole(CONTENT)) as server,
        on_its_own_thread("proxy", connect_proxy) as (_, proxy),
    ):
        download(server, proxy, path).fetch()

    assert path.read_bytes() == CONTENT
    assert not proxy.asked


@pytest.mark.parametrize(
    ("answer", "told", "times"),
    [
        (b"HTTP/1.1 407 Who?\r\n\r\n", "kiosk.network.proxy_password", 1),
        (b"HTTP/1.1 403 No\r\n\r\n", "must permit CONNECT to files.invalid:", 1),
        (b"HTTP/1.1 502 Gone\r\n\r\n", "cannot reach files.invalid:", 2),
        (b"HTTP/1.1 200 O", "the connection broke off", 2),
        (b"", "nothing came for 0.5 s", 2),
    ],
)
def test_a_proxy_that_does_not_lead_there_is_named_and_asked_again_if_it_may_help(
    tmp_path: Path, answer: bytes, told: str, times: int
) -> None:
    with (
        proxied(tmp_path, answer) as (server, proxy),
        pytest.raises(DownloadFailed) as failed,
    ):
        download(server, proxy, tmp_path / "bundle.tar").fetch()

    assert f"through the proxy 127.0.0.1:{proxy.port}" in str(failed.value)
    assert told in str(failed.value)
    assert PASSWORD not in str(failed.value)
    assert len(proxy.asked) == times
