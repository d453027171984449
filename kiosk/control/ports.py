"""What the control server needs from the daemon; the daemon need not know it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from kiosk.ports import Inspection


Status = Mapping[str, Any]
Event = Mapping[str, Any]


class Subscription(Protocol):
    """
    Events for one reader; an asynchronous generator is one.

    Bounded: a reader that does not keep up loses the oldest events.
    """

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def __anext__(self) -> Event: ...

    async def aclose(self) -> None:
        """End the subscription; safe to repeat."""
        ...


class ControlledDaemon(Protocol):
    """
    The daemon as seen through the control socket; called on its event loop.

    Every method may raise :class:`kiosk.errors.KioskError`, whose text goes to
    the client.
    """

    def press(self, button: str, held_s: float = 0.0) -> None:
        """Press a button, by its name, for so long; returns at once."""
        ...

    def status(self) -> Status:
        """Return a snapshot as the package describes it; cheap."""
        ...

    async def inspect(self) -> Inspection:
        """Find out what a technician wants to know, within some seconds."""
        ...

    def calls(self) -> Sequence[Mapping[str, Any]]:
        """Return the records of the last calls, the newest first; cheap."""
        ...

    def subscribe(self) -> Subscription:
        """Begin a subscription: all events from this very call on."""
        ...

    async def save_screenshot(self, path: str) -> None:
        """Write what is on the display as PNG to an absolute path."""
        ...

    async def send_text(self, text: str) -> None:
        """Send a text message to the others in the room."""
        ...

    async def ask_still(self) -> bytes:
        """Ask the others for a still picture and return it, a JPEG."""
        ...

    async def stand_down(self, seconds: float) -> None:
        """Let no call begin for so long; a KioskError if somebody is there."""
        ...

    async def send_reply(self, number: int) -> None:
        """Send one of the configured replies, counted from 1."""
        ...
