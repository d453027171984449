"""Faults between the kiosk and whom it trusts: names, certificates, portals, proxies, clocks."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from kiosk.app.right_time import is_synchronized
from tests.fakes.branch import wait_until
from tests.fakes.certificates import DAY, Authority, address, host
from tests.fakes.own_thread import on_its_own_thread
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.injectors.network import lab_of, wall
from tests.faults.lab_names import Says, asked_in_vain
from tests.faults.stage import Stage, status_of
from tests.faults.wall_clock import set_clock


_TOLD_S = 20.0
_FEW_MINUTES_S = 300.0
_DEAD = "10.77.0.3"
_PAGE = (
    b"Content-Type: text/html\r\nContent-Length: 40\r\n\r\n"
    b"<html><body>Please sign in</body></html>"
)
_NO_PROXY_FOR_YOU = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b"Proxy-Authenticate: Basic realm=site\r\nContent-Length: 0\r\n\r\n"
)


@injector("N07")
@contextmanager
def names_unanswered(stage: Stage, params: Params) -> Iterator[None]:
    """The name server says nothing, that it cannot, and that there is no such name."""
    for says in (Says.NOTHING, Says.SERVFAIL, Says.NXDOMAIN):
        with asked_in_vain(stage.names, says):
            _have_it_asked(stage)
            time.sleep(float(params["each_s"]))
    with asked_in_vain(stage.names, Says.NXDOMAIN):
        yield


@injector("N08")
@contextmanager
def first_address_dead(stage: Stage, params: Params) -> Iterator[None]:
    """The name has two addresses; at the first one nobody ever answers."""
    far = lab_of(stage).far.address
    stage.names.addresses = [_DEAD, far]
    if stage.status()["state"] != "RESERVING":  # that asks as it begins
        _have_it_asked(stage)
    yield
    stage.names.addresses = [far]


@injector("N09")
@contextmanager
def name_rebound(stage: Stage, params: Params) -> Iterator[None]:
    """The name now leads to the kiosk's own machine, where somebody else has the port."""
    lab = lab_of(stage)
    port = int(stage.server.url.rpartition(":")[2])
    other = Authority(stage.folder, "rebound")
    files = other.server("rebinder", alternative=host("rooms.test"))
    with (
        lab.near.entered(),
        on_its_own_thread(
            "rebinder", partial(_tls_server, files, "127.0.0.1", port, lab.near.entered)
        ),
        wall(lab.far, f"tcp dport {port} reject with tcp reset"),
    ):
        stage.names.addresses = ["127.0.0.1"]
        _until_told(stage, ("R", "N"))
        yield
        stage.names.addresses = [lab.far.address]


@injector("N10")
@contextmanager
def captive_portal(stage: Stage, params: Params) -> Iterator[None]:
    """Whatever is asked, a page to sign in at answers: as it is, then by redirection."""
    told = str(params["told"])
    heads = (b"302 Found\r\nLocation: http://portal.invalid/", b"200 OK")
    answers = [b"HTTP/1.1 " + head + b"\r\n" + _PAGE for head in heads]
    with on_its_own_thread("portal", partial(_answering, answers[0])) as (_, port):
        _lead_rooms(stage, port)
        time.sleep(4.0)
    with on_its_own_thread("portal", partial(_answering, answers[1])) as (_, port):
        _lead_rooms(stage, port)
        if stage.status()["state"] == "IDLE":
            _until_told(stage, (told,), "sign-in")
        yield
    _lead_home(stage)


@injector("N11", "N12")
@contextmanager
def untrusted(stage: Stage, params: Params) -> Iterator[None]:
    """Somebody else answers for the server, once with each kind of wrong certificate."""
    kinds = [str(kind) for kind in params["kinds"]]
    for kind in kinds[:-1]:
        with _impostor(stage, kind):
            _until_told(stage, ("T", "R"), "certificate is not trusted")
        _lead_home(stage)
        stage.kiosk.wait_for("IDLE", 30.0)
    with _impostor(stage, kinds[-1]):
        _until_told(stage, ("T", "R"), "certificate is not trusted")
        yield
    _lead_home(stage)


@injector("N13")
@contextmanager
def clock_at_1970(stage: Stage, params: Params) -> Iterator[None]:
    """The kiosk starts as a board without a clock does, and is right again later."""
    assert not is_synchronized(), "a time server vouches for this machine's clock"
    with stage.supervision.resting():
        stage.kiosk.stop()
        set_clock(stage.clock, 10 - int(time.clock_gettime(time.CLOCK_REALTIME)))
        stage.start_kiosk()
        stage.supervision.record.starts.append(time.monotonic())
        stage.kiosk.wait_for("OUT_OF_SERVICE", _TOLD_S)
    yield
    set_clock(stage.clock, 0)


@injector("N14")
@contextmanager
def clock_jumps(stage: Stage, params: Params) -> Iterator[None]:
    """The kiosk's wall clock jumps an hour ahead, fifteen months back, and home."""
    for jump_s in (3600, -39_000_000):
        set_clock(stage.clock, jump_s)
        _has_jumped(stage, jump_s)
        time.sleep(float(params["each_s"]))
    yield
    set_clock(stage.clock, 0)


@injector("N23")
@contextmanager
def proxy_refuses(stage: Stage, params: Params) -> Iterator[None]:
    """The site's proxy wants to know who asks, and is not told."""
    answer = _NO_PROXY_FOR_YOU
    with on_its_own_thread("proxy", partial(_answering, answer)) as (_, port):
        _lead_rooms(stage, port)
        _until_told(stage, ("R", "N", "P"))
        yield
    _lead_home(stage)


def _have_it_asked(stage: Stage) -> None:
    """End the kiosk's connections to the room service: it asks for the name again."""
    asked, port = stage.names.asked, stage.server.url.rpartition(":")[2]
    flows = ("ss", "-K", "-tn", "dport", "=", port)
    subprocess.run(
        lab_of(stage).near.command(*flows), check=True, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: stage.names.asked > asked, "the name is asked for")


def _has_jumped(stage: Stage, jump_s: int) -> None:
    """Let the kiosk itself tell what time it is."""
    rows = stage.kiosk.control.inspection()
    (found,) = (row["found"] for row in rows if row["what"] == "clock")
    told = datetime.fromisoformat(found.partition(" UTC")[0]).replace(tzinfo=UTC)
    off_s = (told - datetime.now(UTC)).total_seconds()
    assert abs(off_s - jump_s) < _FEW_MINUTES_S, f"{jump_s} s, and it is {found}"


def _until_told(stage: Stage, codes: tuple[str, ...], words: str = "") -> None:
    def is_told() -> bool:
        now = status_of(stage.kiosk)
        if now is None or now["screen"] != "out_of_service":
            return False
        reason = str(now["reason"])
        return reason.startswith(codes) and words in reason

    wait_until(is_told, f"out of service with one of {codes} and {words!r}", _TOLD_S)


@contextmanager
def _impostor(stage: Stage, kind: str) -> Iterator[None]:
    """Answer in the place of the server, with a certificate of that kind."""
    folder = stage.folder / "impostors"
    folder.mkdir(exist_ok=True)
    files = _certificates(stage, folder)[kind]()
    with on_its_own_thread("impostor", partial(_tls_server, files)) as (_, port):
        _lead_rooms(stage, port)
        yield


def _certificates(
    stage: Stage, folder: Path
) -> dict[str, Callable[[], tuple[Path, Path]]]:
    ours, theirs = stage.authority, Authority(folder, "theirs")
    here, elsewhere = address(), address("192.0.2.1")
    past, future = (-3 * DAY, -DAY), (DAY, timedelta(days=30))
    return {
        "unknown": lambda: theirs.server("unknown", alternative=here),
        "itself": lambda: theirs.server("itself", alternative=here, by_itself=True),
        "expired": lambda: ours.server("expired", alternative=here, valid=past),
        "early": lambda: ours.server("early", alternative=here, valid=future),
        "elsewhere": lambda: ours.server("elsewhere", alternative=elsewhere),
    }


@asynccontextmanager
async def _tls_server(
    files: tuple[Path, Path],
    at: str = "127.0.0.1",
    port: int = 0,
    entered: Callable[[], object] | None = None,
) -> AsyncIterator[int]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(serve, at, port, ssl=tls) as server:
        yield int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def _answering(answer: bytes) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
        except (
            asyncio.IncompleteReadError,
            ConnectionError,
            asyncio.CancelledError,  # at the end of the loop; nobody else is told
        ):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])


def _lead_rooms(stage: Stage, port: int) -> None:
    stage.rooms.lead_to(port)
    stage.rooms.reset()


def _lead_home(stage: Stage) -> None:
    _lead_rooms(stage, int(stage.server.url.rpartition(":")[2]))
