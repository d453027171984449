"""Echo cancellers for tests of what is around them."""

from __future__ import annotations

from kiosk.errors import DeviceError
from kiosk.ports import EchoCanceller


class NotingCanceller:
    """Passes the microphone on, halved, and keeps what it was given."""

    def __init__(self, *, delay_us: int = 0, fails_after: int | None = None) -> None:
        self.delay_us = delay_us
        self.near: list[bytes] = []
        self.far: list[bytes] = []
        self.is_closed = False
        self._fails_after = fails_after

    def cancel(self, near: bytes, far: bytes) -> bytes:
        if self._fails_after is not None and len(self.near) >= self._fails_after:
            raise DeviceError("echo canceller", "noting", "worn out")
        self.near.append(near)
        self.far.append(far)
        return near

    def close(self) -> None:
        self.is_closed = True


def absent() -> EchoCanceller:
    raise DeviceError("echo canceller", "absent", "not installed; install it")
