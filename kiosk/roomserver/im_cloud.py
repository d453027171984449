"""
Tells Tencent's IM cloud about our rooms, as the original servers did.

Three calls (protocol 6.1): a group is made before ``create_room`` is answered,
since its client joins the group at once; it hears of changed members, and is
destroyed with its room.  The latter two are sent in the background.  Unlike the
originals no failure here ever breaks a room, is repeated for ever, or ends the
server (``reliability.md`` finding 4): clients look at ``get_pushers`` anyway.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Never, Protocol, cast
from urllib.parse import urlencode

from kiosk.room.im import PUSHER_CHANGE
from kiosk.room.usersig import UserSigs
from kiosk.room.wire_json import Wire, dump_json
from kiosk.roomserver.asking import Caller, CloudCall, ServerClock
from kiosk.roomserver.rooms import Rooms
from kiosk.roomserver.spaces import id_of


CONSOLE = "https://console.tim.qq.com"
MAX_WAITING = 10_000
"""Rooms the cloud has not been told about yet; later changes are let go."""
_RENEW_S = 24 * 3600
_RANDOM_BELOW = 100_000


class Command(Enum):
    """What the cloud can be told; the value is the last part of its path."""

    CREATE = "create_group"
    DESTROY = "destroy_group"
    NOTIFY = "send_group_system_notification"


class _SigsClass(Protocol):
    def from_pem(self, pem: bytes, sdk_app_id: int, account_type: str) -> UserSigs:
        """Read a private key."""
        ...


class _Signature(Protocol):
    """The module that needs the extra; loaded only where an account is used."""

    @property
    def CloudUserSigs(self) -> _SigsClass:  # noqa: N802 -- it is a class
        """What signs."""
        ...


@dataclass(frozen=True, slots=True)
class ImAccount:
    """An account at the cloud: who makes the calls, and where to."""

    private_key_file: str
    """PEM, as the cloud's console offers it."""
    administrator: str = "admin"
    console: str = CONSOLE

    def user_sigs(self, sdk_app_id: int, account_type: str) -> UserSigs:
        """
        Return what signs for this account.

        Raises:
            OSError: If its key cannot be read or cannot sign.

        """
        name = "kiosk.roomserver.im_signature"
        pem = Path(self.private_key_file).read_bytes()
        signature = cast("_Signature", importlib.import_module(name))
        try:
            return signature.CloudUserSigs.from_pem(pem, sdk_app_id, account_type)
        except ValueError as error:
            reason = f"im account: {self.private_key_file} {error}"
            raise OSError(errno.EINVAL, reason) from None


class GroupCalls:
    """
    The calls themselves, signed.

    Args:
        random_below: ``secrets.randbelow``.

    """

    def __init__(
        self,
        account: ImAccount,
        user_sigs: UserSigs,
        clock: ServerClock,
        random_below: Callable[[int], int],
    ) -> None:
        self._account = account
        self._user_sigs = user_sigs
        self._clock = clock
        self._random_below = random_below
        self._signed_at = 0
        self._user_sig = ""

    def create(self, group_id: str, answer: Wire) -> CloudCall:
        """Make a group, then give this answer, whatever the cloud said."""
        body: Wire = {
            "Owner_Account": self._account.administrator,
            "Type": "AVChatRoom",
            "GroupId": group_id,
            "Name": "group_name",  # the original's literal
        }
        return self._call(Command.CREATE, body, answer)

    def destroy(self, group_id: str) -> CloudCall:
        """End a group."""
        return self._call(Command.DESTROY, {"GroupId": group_id}, {})

    def notify(self, group_id: str) -> CloudCall:
        """Tell a group that its members changed."""
        body: Wire = {"GroupId": group_id, "Content": PUSHER_CHANGE}
        return self._call(Command.NOTIFY, body, {})

    def _call(self, command: Command, body: Wire, answer: Wire) -> CloudCall:
        query = {
            "sdkappid": str(self._user_sigs.sdk_app_id),
            "identifier": self._account.administrator,
            "usersig": self._fresh_user_sig(),
            "random": str(self._random_below(_RANDOM_BELOW)),
            "contenttype": "json",
        }
        path = f"/v4/group_open_http_svc/{command.value}"
        url = f"{self._account.console}{path}?{urlencode(query)}"
        return CloudCall(url, dump_json(body), lambda _: answer)

    def _fresh_user_sig(self) -> str:
        now = int(self._clock.unix())
        if not self._user_sig or not 0 <= now - self._signed_at < _RENEW_S:
            self._user_sig = self._user_sigs.sign(self._account.administrator, now)
            self._signed_at = now
        return self._user_sig


class GroupKeeper:
    """
    Keeps the cloud's groups as our rooms are.

    :meth:`on_event` only notes a room; :meth:`tell_forever` tells the cloud what
    became of it meanwhile, so that many changes are one call.
    """

    def __init__(self, rooms: Rooms, calls: GroupCalls) -> None:
        self._rooms = rooms
        self._calls = calls
        self._told: dict[str, str] = {}
        self._waiting: dict[str, None] = {}
        self._bell = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Number of rooms the cloud is still to be told about."""
        return len(self._waiting)

    def opening(
        self, create_room: Callable[[Caller, Wire], Wire]
    ) -> Callable[[Caller, Wire], CloudCall]:
        """Return the route ``create_room`` with the group made before its answer."""

        def create_room_and_group(caller: Caller, body: Wire) -> CloudCall:
            answer = create_room(caller, body)
            return self._calls.create(str(answer["roomID"]), answer)

        return create_room_and_group

    def on_event(self, room_key: str) -> None:
        """Note that something happened in a room."""
        if len(self._waiting) < MAX_WAITING:
            self._waiting[room_key] = None
            self._bell.set()

    async def tell_forever(
        self, ask: Callable[[CloudCall], Awaitable[bytes | None]]
    ) -> Never:
        """Send what is due, one call at a time, for ever."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            while self._waiting:
                room_key = next(iter(self._waiting))
                del self._waiting[room_key]
                call = self.due(room_key)
                if call is not None:
                    await ask(call)

    def due(self, room_key: str) -> CloudCall | None:
        """Return what the cloud is to be told of a room now, if anything."""
        record = self._rooms.known(room_key)
        if record is None:
            self._told.pop(room_key, None)
            return self._calls.destroy(id_of(room_key))
        if self._told.get(room_key) == record.digest:
            return None  # a text, or a stream that stalled
        self._told[room_key] = record.digest
        return self._calls.notify(id_of(room_key))
