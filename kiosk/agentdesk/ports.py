"""What a desk needs of the server it stands beside; :mod:`kiosk.app` fulfils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from kiosk.ports import Peer, RoomNotice, Seat


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    A kiosk that waits to be answered.

    Attributes:
        room_type: Of the room it opened, or lines up for.
        room_id: Of the room it opened; empty: it is in line for a seat.
        label: Of that room, or of the one to be opened for it.

    """

    room_type: str
    user_id: str
    name: str
    branch: str
    room_id: str
    label: str

    @property
    def key(self) -> str:
        """Name this wait among all others."""
        return f"{self.room_type}/{self.room_id}/{self.user_id}"


class Party(Protocol):
    """
    One party of RTCRoom, as :mod:`kiosk.rtcroom` programs are; raises ``RoomError``.

    The order is the protocol's: a seat is found, the stream published, and only
    then the seat taken.
    """

    async def seat_in(self, room_id: str) -> Seat:
        """Find a seat in a room that is there."""
        ...

    async def new_seat(self, room_name: str, room_id: str = "") -> Seat:
        """Find a seat in a room that taking it will open."""
        ...

    async def take_seat(
        self, seat: Seat, on_notice: Callable[[RoomNotice], None]
    ) -> str:
        """Take the seat, and return the room's id."""
        ...

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The others in the room."""
        ...

    async def new_push_url(self) -> str:
        """Return another URL to publish at."""
        ...

    async def move_stream(self, push_url: str) -> None:
        """Announce that our stream is at that URL now."""
        ...

    async def play_url(self, user_id: str) -> str:
        """Return where one of the others is played."""
        ...

    async def send_text(self, text: str, cmd: str = "") -> None:
        """Send a text to the others; ``cmd`` names one that nobody typed."""
        ...

    def rename(self, user_name: str) -> None:
        """Be shown under another name once the stream moves."""
        ...


class Lobby(Protocol):
    """Where kiosks wait."""

    def waiting(self) -> Sequence[Waiting]:
        """Return who waits at this moment, oldest first."""
        ...

    def party(
        self, user_name: str, room_type: str
    ) -> AbstractAsyncContextManager[Party]:
        """Become a party of rooms of a type; leaving it leaves them."""
        ...


class Gatekeeper(Protocol):
    """Who stands at the door, and how often he guessed wrong."""

    def client_of(self, peer: str, fields: Mapping[str, str]) -> str:
        """Return the address a request comes from; ``fields`` are its header's."""
        ...

    def trusts(self, peer: str) -> bool:
        """Say whether a connection is a proxy's whose word counts."""
        ...

    def wait_s(self, address: str, agent_id: str) -> float:
        """Return how long a password from there has to wait; 0: not at all."""
        ...

    def wrong(self, address: str, agent_id: str) -> None:
        """Count a wrong password."""
        ...
