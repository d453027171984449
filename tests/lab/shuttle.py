"""
Carries IP packets between two network namespaces: ``python -m tests.lab.shuttle``.

The kernel of many a machine has no netem, so the link between the namespaces
is this process: each namespace has a TUN device whose other end is read here.
TCP at both ends is the kernel's own, with the congestion control that a
Raspberry Pi uses, whatever this machine prefers.

The namespaces have no name: they live as long as a process is in them or this
one holds them open, so that nothing is left behind however this one ends.
It ends when its standard input does.  Orders come there, one JSON object a
line, and each is answered by one line on the standard output.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path as File
from typing import Any

from tests.lab.path import Path


CONGESTION_CONTROL = "cubic"
DEVICE = "lab"
NETWORK, NEAR, FAR = "10.77.0.0/30", "10.77.0.1", "10.77.0.2"
_MTU = 1500
_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_AT_ONCE = 64  # packets read from one side before looking at the other
_PRIORITY = 5  # a measuring instrument must not be late when the machine is busy


@dataclass(frozen=True, slots=True)
class Side:
    """
    One namespace.

    Attributes:
        namespace: An open file of it.
        device: The shuttle's end of its TUN device.

    """

    namespace: int
    device: int


def open_side(address: str) -> Side:
    """Make a namespace with a device of that address; this thread stays in it."""
    _call("unshare", _CLONE_NEWNET)
    settings = File("/proc/sys/net")
    # no chatter of its own: what is counted is what a test sent
    (settings / "ipv6/conf/default/disable_ipv6").write_text("1", "ascii")
    # each connection is the first one of its kind
    (settings / "ipv4/tcp_no_metrics_save").write_text("1", "ascii")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    request = struct.pack("16sH22x", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI)
    fcntl.ioctl(device, _TUNSETIFF, request)
    for order in (
        f"address add {address}/30 dev {DEVICE} noprefixroute",
        f"link set {DEVICE} up mtu {_MTU} txqueuelen 1000",
        "link set lo up",
        # by the route: the namespace's default may only be set to what the
        # machine allows everybody
        f"route add {NETWORK} dev {DEVICE} congctl {CONGESTION_CONTROL}",
    ):
        subprocess.run(["ip", *order.split()], check=True)
    return Side(os.open("/proc/thread-self/ns/net", os.O_RDONLY), device)


def enter_namespace(namespace: int) -> None:
    """Move this thread into the network namespace of an open file."""
    _call("setns", namespace, _CLONE_NEWNET)


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{function}: {os.strerror(code)}")


class Shuttle:
    """Both directions, and who is told what."""

    def __init__(self, near: Side, far: Side) -> None:
        self._devices = {
            "up": (near.device, far.device),
            "down": (far.device, near.device),
        }
        self._paths = {"up": Path(seed=1), "down": Path(seed=2)}
        self._orders = b""

    def run(self) -> None:
        """Carry until the standard input ends."""
        sources = [0, *(source for source, _ in self._devices.values())]
        while True:
            ready, _, _ = select.select(sources, [], [], self._wait_s())
            now = time.monotonic()
            for name, path in self._paths.items():
                source, target = self._devices[name]
                if source in ready:
                    _load(source, path, now)
                for packet in path.take(now):
                    # a device that takes no more, or is down, loses it
                    with contextlib.suppress(OSError):
                        os.write(target, packet)
            if 0 in ready and not self._read_orders():
                return

    def _wait_s(self) -> float:
        times = [path.next_event() for path in self._paths.values()]
        due = min((at for at in times if at is not None), default=None)
        return 1.0 if due is None else max(0.0, due - time.monotonic())

    def _read_orders(self) -> bool:
        received = os.read(0, 65_536)
        self._orders += received
        while b"\n" in self._orders:
            line, self._orders = self._orders.split(b"\n", 1)
            _tell(self._obey(json.loads(line)))
        return bool(received)

    def _obey(self, order: dict[str, dict[str, float]]) -> dict[str, Any]:
        """Change the conditions of the directions named; tell of both."""
        now = time.monotonic()
        for name, conditions in order.items():
            self._paths[name].change(now, **conditions)
        return {
            name: {
                **asdict(path.counts),
                "queued_bytes": path.queued_bytes,
                "at": now,
            }
            for name, path in self._paths.items()
        }


def _load(source: int, path: Path, now: float) -> None:
    for _ in range(_AT_ONCE):
        try:
            packet = os.read(source, 2048)
        except BlockingIOError:
            return
        path.offer(packet, now)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    near, far = open_side(NEAR), open_side(FAR)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    _tell({"near": near.namespace, "far": far.namespace})
    Shuttle(near, far).run()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        main()
    sys.exit(0)
