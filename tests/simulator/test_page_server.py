"""Who is let in at the page's port, and what they get."""

from __future__ import annotations

import asyncio
import http.client
import io
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from PIL import Image

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.headless import HeadlessDisplay
from kiosk.errors import DeviceError
from kiosk.ports import Layer
from kiosk.simulator.feed import MOST_VIEWERS
from kiosk.simulator.server import PageServer
from kiosk.simulator.simulator import Simulator
from kiosk.simulator.wire import Kind
from tests.fakes.frames import plain_page
from tests.fakes.web_socket import Refused, WebSocketClient


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@dataclass(frozen=True)
class Site:
    address: str

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @contextmanager
    def asked(
        self, path: str | None = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Ask with headers of one's own; ``Host`` is ours by default."""
        connection = http.client.HTTPConnection(self.host, timeout=10)
        with closing(connection):
            connection.putrequest("GET", path or self.path, skip_host=True)
            for name, value in {"Host": self.host, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as answer:
                yield answer

    def status(self, path: str | None = None, **headers: str) -> int:
        with self.asked(path, **headers) as answer:
            return answer.status

    def upgrade(self, **headers: str) -> int:
        """Return how the socket answers a handshake."""
        return self.status(f"{self.path}socket", **{**UPGRADE, **headers})


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    simulator = Simulator()
    display = simulator.display(
        HeadlessDisplay(MonotonicClock(), width=320, height=240)
    )
    display.open()
    display.show(Layer.BASE, plain_page((0, 0, 200, 255), (320, 240)))
    yield Site(
        simulator.serve(
            0, {"name": "Kiosk", "size": [320, 240], "rotation": 0, "states": []}
        )
    )
    simulator.close()
    assert not [each for each in threading.enumerate() if each.name == "simulator"]


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_are_served_with_a_strict_policy(
    site: Site, file: str, media_type: str
) -> None:
    with site.asked(site.path + file) as answer:
        headers = answer.headers

    assert headers["Content-Type"] == media_type
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["/", "/x/", "/socket", "/page.js", "//", "/../", "/%2e%2e/etc/passwd"]
)
def test_without_the_token_there_is_nothing(site: Site, path: str) -> None:
    assert site.status(path) == 404


def test_with_the_token_there_is_nothing_but_the_pages_own_files(site: Site) -> None:
    for file in ("site.py", "../site.py", "%2e%2e/site.py", "socket"):
        assert site.status(site.path + file) in {403, 404}


@pytest.mark.parametrize("host", ["", "evil.example", "kiosk.evil.example:80"])
def test_a_name_that_only_leads_here_is_refused(site: Site, host: str) -> None:
    assert site.status(Host=host) in {400, 403}


def test_the_name_of_this_machine_is_as_good_as_its_address(site: Site) -> None:
    assert site.status(Host=site.host.replace("127.0.0.1", "localhost")) == 200


def test_a_page_from_elsewhere_may_not_even_read_a_file(site: Site) -> None:
    assert site.status(Origin="http://evil.example") == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1"]
)
def test_the_socket_is_for_our_own_page(site: Site, origin: str) -> None:
    assert site.upgrade(Origin=origin) == 403


def test_the_socket_is_not_for_who_does_not_say_where_they_come_from(
    site: Site,
) -> None:
    assert site.upgrade() == 403


def test_the_socket_opens_for_our_own_page(site: Site) -> None:
    assert site.upgrade(Origin=f"http://{site.host}") == 101


def test_the_screen_is_served_as_mjpeg_for_those_without_a_browser(site: Site) -> None:
    with site.asked(f"{site.path}screen.mjpg") as answer:
        media_type = answer.headers["Content-Type"]
        head = [answer.readline() for _ in range(4)]
        jpeg = answer.read(int(head[2].split(b":")[1]))

    assert media_type == "multipart/x-mixed-replace; boundary=picture"
    assert head[:2] == [b"--picture\r\n", b"Content-Type: image/jpeg\r\n"]
    with Image.open(io.BytesIO(jpeg)) as image:
        red, green, blue = image.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert red > 190
    assert max(green, blue) < 12


def test_a_port_that_is_taken_is_named_with_the_cure(site: Site) -> None:
    with pytest.raises(DeviceError, match=r"\[simulator\] port"):
        PageServer(Simulator, urlsplit(site.address).port or 0)  # type: ignore[arg-type]


async def connected(site: Site) -> WebSocketClient:
    origin = f"http://{site.host}"
    return WebSocketClient(origin, f"{site.path}socket", {"Origin": origin})


@pytest.mark.parametrize("said", ["{}", "no JSON", '{"seen": 0}', "x" * 5000])
async def test_a_page_that_talks_nonsense_is_hung_up_on(site: Site, said: str) -> None:
    async with await connected(site) as page:
        await page.send(said)

        assert await page.until_closed() == 1008


async def test_a_page_that_sends_bytes_is_hung_up_on(site: Site) -> None:
    async with await connected(site) as page:
        await page.send_bytes(b"x" * 5000)

        assert await page.until_closed() == 1008


async def test_a_page_gets_what_is_known_and_what_is_shown(site: Site) -> None:
    async with await connected(site) as page:
        kinds = [(await page.next_bytes())[0] for _ in range(2)]

    assert kinds == [Kind.FACTS, Kind.PAGE]


async def test_a_fifth_page_is_refused_and_one_that_left_makes_room(
    site: Site,
) -> None:
    async with AsyncExitStack() as others:
        for _ in range(MOST_VIEWERS):
            await others.enter_async_context(await connected(site))
        with pytest.raises(Refused):
            await (await connected(site)).__aenter__()

    async def first_kind() -> int | None:
        try:
            async with await connected(site) as page:
                return (await page.next_bytes())[0]
        except Refused:
            return None

    async with asyncio.timeout(5):
        while (kind := await first_kind()) is None:  # noqa: ASYNC110 -- no Event says so
            await asyncio.sleep(0.02)
    assert kind == Kind.FACTS
