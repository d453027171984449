"""One user's way to the room service: logs in, asks, and knows when it lost an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from tests.bench.http_lines import Line, dial, request


Address = tuple[str, int]
ANSWER_S = 3.0


class Lost(Exception):
    """There is no answer, and nobody knows whether there was an effect."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; ``boot`` names the memory it came from."""

    status: int
    code: int
    wire: dict[str, Any]
    boot: str

    @property
    def is_definite(self) -> bool:
        """Whether it tells what became of the request: no refusal at the door."""
        auth = int(msg.RoomCode.AUTH_FAILED)
        return self.status == 200 and self.code not in (auth, -1)


class Asker:
    """
    Asks over one of several ways, one thing at a time on each line.

    Args:
        user: Whom to log in.
        ways: Where servers are, each through a proxy of this user's own or straight.
        number: Of the user; says from which address it comes.

    """

    def __init__(self, user: str, ways: Sequence[Address], number: int) -> None:
        self.user = user
        self._ways = ways
        self._number = number
        self._lines: dict[tuple[int, str], Line] = {}
        self.token = ""

    async def log_in(self) -> None:
        """
        Get a token.

        Raises:
            Lost: It was not given in time.

        """
        path = f"/weapp/utils/get_login_info?userID={self.user}"
        told = await self._ask(0, "in", request(path))
        if told.code != 0:
            raise Lost("login refused")
        account = {
            "sdkAppID": told.wire["sdkAppID"],
            "accountType": told.wire["accType"],
            "userID": self.user,
            "userSig": quote(str(told.wire["userSig"])),
        }
        query = "&".join(f"{name}={value}" for name, value in account.items())
        told = await self._ask(
            0, "in", request(f"/weapp/double_room/login?{query}", {})
        )
        if told.code != 0:
            raise Lost("login refused")
        self.token = str(told.wire["token"])

    async def ask(
        self,
        wanted: msg.Request[Any],
        room_type: RoomType = RoomType.DOUBLE,
        *,
        request_id: str = "",
        way: int = 0,
        line: str = "",
        seconds: float = ANSWER_S,
    ) -> Said:
        """
        Return the answer to one request.

        Raises:
            Lost: There was none in time.

        """
        path = f"{msg.path_of(wanted, room_type)}?userID={self.user}"
        asked = request(path, wanted.to_wire(), self.token, request_id)
        said = await self._ask(way, line, asked, seconds)
        if said.code == msg.RoomCode.AUTH_FAILED:
            self.token = ""
        return said

    async def _ask(
        self, way: int, line: str, asked: bytes, seconds: float = ANSWER_S
    ) -> Said:
        way %= len(self._ways)
        try:
            async with asyncio.timeout(seconds):
                head, body = await (await self._line(way, line)).ask(asked)
            status, wire = int(head[9:12]), json.loads(body or b"{}")
        except (OSError, TimeoutError, ValueError) as error:
            self._hang_up(way, line)
            raise Lost(str(error)) from None
        if b"connection: close" in head.lower():
            self._hang_up(way, line)
        return Said(status, int(wire.get("code", 0)), wire, _boot(head))

    async def _line(self, way: int, name: str) -> Line:
        line = self._lines.get((way, name))
        if line is None or not line.is_open:
            line = self._lines[way, name] = await dial(self._ways[way], self._number)
        return line

    def _hang_up(self, way: int, name: str) -> None:
        line = self._lines.pop((way, name), None)
        if line is not None:
            line.close()

    def close(self) -> None:
        """Hang up all lines."""
        for way, name in tuple(self._lines):
            self._hang_up(way, name)


def _boot(head: bytes) -> str:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"kiosk-boot: "):
            return line[12:].decode()
    return ""
