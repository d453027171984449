"""
Names in the network lab: a name server at the far end, and who asks it.

The kiosk's host knows that server alone; the far host knows the name without asking.
Both by files of their own in the place of the machine's, in a mount namespace: nothing
outside sees them.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

from typing_extensions import override

from tests.lab.network import Place


NAME: Final = "rooms.test"
_PORT: Final = 53
_A, _IN, _TTL = 1, 1, 1
_HEADER: Final = struct.Struct(">6H")
_BIND: Final = (
    'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/hosts && '
    'shift 2 && exec "$@"'
)


class Says(Enum):
    """What a name server answers; the values are response codes (RFC 1035)."""

    ADDRESSES = 0
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTHING = -1


class NameServer:
    """
    Answers questions for IPv4 addresses, over UDP.

    Attributes:
        says: What it answers from now on.
        addresses: Of any name, in this order.
        asked: How many questions came.

    """

    def __init__(self, place: Place) -> None:
        with place.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((place.address, _PORT))
        self._socket.settimeout(0.2)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="name server")
        self.says = Says.ADDRESSES
        self.addresses = [place.address]
        self.asked = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            try:
                question, who = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if self.says is not Says.NOTHING:
                self._socket.sendto(self._answer(question), who)

    def _answer(self, question: bytes) -> bytes:
        number, _, *_ = _HEADER.unpack_from(question)
        end = question.index(b"\0", _HEADER.size) + 5  # behind name, type and class
        asked = question[_HEADER.size : end]
        is_old = asked.endswith(struct.pack(">2H", _A, _IN))
        is_known = self.says is Says.ADDRESSES and is_old
        found = self.addresses if is_known else []
        head = _HEADER.pack(number, 0x8180 | self.says.value, 1, len(found), 0, 0)
        pointer = struct.pack(">3HIH", 0xC00C, _A, _IN, _TTL, 4)
        records = b"".join(pointer + socket.inet_aton(one) for one in found)
        return head + asked + records


def name_server(place: Place) -> contextlib.AbstractContextManager[NameServer]:
    """Run a name server at a place until it is left."""
    return NameServer(place)


@dataclass(frozen=True, slots=True)
class Home(Place):
    """A place whose programs have their own ``resolv.conf`` and ``hosts``."""

    resolvers: Path
    hosts: Path

    @override
    def command(self, *command: str) -> list[str]:
        files = (str(self.resolvers), str(self.hosts))
        within = ("unshare", "--mount", "--", "sh", "-c", _BIND, "sh", *files, *command)
        return Place.command(self, *within)


def at_home(place: Place, folder: Path, *, near: bool) -> Home:
    """Return the same place, with the files of the kiosk's host or the server's."""
    name = "near" if near else "far"
    resolvers, hosts = folder / f"{name}.resolv", folder / f"{name}.hosts"
    far = "10.77.0.2"
    resolvers.write_text(f"nameserver {far}\noptions timeout:1 attempts:2\n", "ascii")
    known = "" if near else f"{far} {NAME}\n"
    hosts.write_text(f"127.0.0.1 localhost\n{known}", "ascii")
    return Home(place.address, place.namespace, resolvers, hosts)


@contextlib.contextmanager
def asked_in_vain(names: NameServer, says: Says) -> Iterator[None]:
    """Have the name server answer so until this is left."""
    names.says = says
    yield
    names.says = Says.ADDRESSES
