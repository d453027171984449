"""Faults of the network between kiosk and server: cables, routes, walls, bad links."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.stage import Stage
from tests.lab.network import Network, Place
from tests.lab.shuttle import CONGESTION_CONTROL, DEVICE, FAR, NEAR, NETWORK


_MOVED = "10.77.1.1"
_MOST_TRIES_A_S = 10


@injector("N01", "N02", "N03")
@contextmanager
def cable_out(stage: Stage, params: Params) -> Iterator[None]:
    """The link of the kiosk's host is down; its route goes with it."""
    near = lab_of(stage).near
    order(near, f"link set {DEVICE} down")
    yield
    order(near, f"link set {DEVICE} up")
    order(near, f"route replace {NETWORK} dev {DEVICE} congctl {CONGESTION_CONTROL}")


@injector("N04", "N15", "N16", "N17")
@contextmanager
def bad_link(stage: Stage, params: Params) -> Iterator[None]:
    """
    The link is as ``conditions`` say, one after the other; each for ``each_s``.

    Both ways, or the one that ``way`` names.
    Nothing arrives, either way, where all is lost: no SYN is answered.
    """
    lab = lab_of(stage)
    conditions = list(params["conditions"])
    ways = [params["way"]] if "way" in params else []
    for one in conditions:
        lab.change(*ways, **one)
        if len(conditions) > 1:
            time.sleep(float(params["each_s"]))
    yield
    lab.change(rate_kbps=0, delay_ms=0, jitter_ms=0, loss_percent=0)
    lab.change(queue_bytes=1_000_000)


@injector("N05")
@contextmanager
def flows_forgotten(stage: Stage, params: Params) -> Iterator[None]:
    """A wall between forgot what is connected: those flows are swallowed, new ones pass."""
    lab = lab_of(stage)
    said = subprocess.run(
        lab.near.command("ss", "-tnH", "state", "established"),
        check=True,
        capture_output=True,
        text=True,
    )
    ports = sorted(set(re.findall(rf"{re.escape(NEAR)}:(\d+)\s", said.stdout)))
    assert ports, f"nothing is connected:\n{said.stdout}"
    known = ", ".join(ports)
    with (
        wall(lab.near, f"tcp dport {{ {known} }} drop"),
        wall(lab.far, f"tcp sport {{ {known} }} drop"),
    ):
        yield


@injector("N06")
@contextmanager
def reset_storm(stage: Stage, params: Params) -> Iterator[None]:
    """Whatever the kiosk sends is answered by a reset; it must not try without a pause."""
    lab = lab_of(stage)
    began = time.monotonic()
    rule = f"ip saddr {NEAR} tcp flags & (syn|ack) == syn counter reject with tcp reset"
    rest = f"ip saddr {NEAR} meta l4proto tcp reject with tcp reset"
    with wall(lab.far, rule, rest) as counted:
        yield
        tries, took = counted(), time.monotonic() - began
    assert tries <= _MOST_TRIES_A_S * took, f"{tries} tries in {took:.1f} s"


@injector("N18")
@contextmanager
def mtu_black_hole(stage: Stage, params: Params) -> Iterator[None]:
    """Packets above 1280 bytes vanish without a word on the link, either way."""
    lab = lab_of(stage)
    rule = f"iifname {DEVICE} meta length > 1280 drop"  # none of those on loopback
    with wall(lab.near, rule), wall(lab.far, rule):
        yield


@injector("N19")
@contextmanager
def address_changed(stage: Stage, params: Params) -> Iterator[None]:
    """The kiosk's host gets another address; what came from the old one is lost."""
    lab = lab_of(stage)
    order(lab.far, f"route add {_MOVED} dev {DEVICE} congctl {CONGESTION_CONTROL}")
    order(lab.near, f"address add {_MOVED}/32 dev {DEVICE}")
    order(lab.near, f"address del {NEAR}/30 dev {DEVICE}")
    order(lab.near, _way(_MOVED))
    yield
    order(lab.near, f"address add {NEAR}/30 dev {DEVICE} noprefixroute")
    order(lab.near, _way(NEAR))
    order(lab.near, f"address del {_MOVED}/32 dev {DEVICE}")
    order(lab.far, f"route del {_MOVED} dev {DEVICE}")


@injector("N20")
@contextmanager
def gateway_dead(stage: Stage, params: Params) -> Iterator[None]:
    """The link is up, and whatever should pass it on passes nothing."""
    with wall(lab_of(stage).far, f"ip saddr {NEAR} drop"):
        yield


@injector("N21")
@contextmanager
def packets_mixed_up(stage: Stage, params: Params) -> Iterator[None]:
    """Packets come twice, in another order, or cut short."""
    lab = lab_of(stage)
    lab.change(twice_percent=10, early_percent=5, cut_percent=2, delay_ms=10)
    yield
    lab.change(twice_percent=0, early_percent=0, cut_percent=0, delay_ms=0)


@injector("N22")
@contextmanager
def bandwidth_taken(stage: Stage, params: Params) -> Iterator[None]:
    """Another flow of the same host wants all there is of the way up."""
    lab = lab_of(stage)
    lab.change("up", rate_kbps=float(params["rate_kbps"]), delay_ms=20)
    with _greedy(lab):
        yield
    lab.change("up", rate_kbps=0, delay_ms=0)


def lab_of(stage: Stage) -> Network:
    """Return the lab of a stage that has one."""
    assert stage.lab is not None, "needs stage = { network = true }"
    return stage.lab


def order(place: Place, words: str) -> None:
    """Run ip(8) at a place."""
    subprocess.run(place.command("ip", *words.split()), check=True)


@contextmanager
def wall(place: Place, *rules: str) -> Iterator[_Counted]:
    """Judge what comes in at a place by rules of nft(8); yields their first counter."""
    chain = "type filter hook input priority 0;"
    lines = "\n".join(f"add rule inet faults in {rule}" for rule in rules)
    table = f"add table inet faults\nadd chain inet faults in {{ {chain} }}\n{lines}\n"
    subprocess.run(place.command("nft", "-f", "-"), input=table, text=True, check=True)
    try:
        yield _Counted(place)
    finally:
        subprocess.run(
            place.command(*["nft", "delete", "table", "inet", "faults"]), check=True
        )


class _Counted:
    """Reads the counter of a wall."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __call__(self) -> int:
        said = subprocess.run(
            self._place.command(*["nft", "list", "table", "inet", "faults"]),
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(r"counter packets (\d+)", said.stdout)
        return int(found[1]) if found else 0


def _way(source: str) -> str:
    return f"route replace {NETWORK} dev {DEVICE} src {source} congctl {CONGESTION_CONTROL}"


@contextmanager
def _greedy(lab: Network) -> Iterator[None]:
    """Send as much as goes from the near host to the far one."""

    with lab.far.entered():
        listener = socket.create_server((FAR, 0))
    with lab.near.entered():
        sender = socket.create_connection(listener.getsockname())
    taker, _ = listener.accept()
    is_over = threading.Event()

    def send() -> None:
        with suppress(OSError):
            while not is_over.is_set():
                sender.sendall(bytes(65_536))

    def take() -> None:
        with suppress(OSError):
            while taker.recv(65_536):
                pass

    workers = [threading.Thread(target=send), threading.Thread(target=take)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        is_over.set()
        for sock in (sender, taker):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for worker in workers:
            worker.join(5.0)
        for sock in (sender, taker, listener):
            sock.close()
