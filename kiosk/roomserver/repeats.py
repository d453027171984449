"""
Requests that come again under their id: one at a time, and their effect once (P12).

``Kiosk-Request-Id`` is ours; originals do not send it.  It counts where there is an
effect (:data:`~kiosk.room.requests.HAD_ONCE`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, TypeAlias

from kiosk.room.fields import BadRequest
from kiosk.room.requests import HAD_ONCE, REQUEST_ID
from kiosk.room.wire_json import Wire
from kiosk.roomserver.asking import (
    Asked,
    Caller,
    CloudCall,
    Hold,
    ServerClock,
    Written,
)
from kiosk.roomserver.kept_answers import KeptAnswers, name_of


_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

Result: TypeAlias = Wire | Written | Hold | CloudCall


class Repeats:
    """Answers what was answered before, and lets a repetition wait for the first."""

    def __init__(self, kept: KeptAnswers, clock: ServerClock) -> None:
        self._kept = kept
        self._clock = clock
        self._inside: dict[tuple[str, ...], tuple[asyncio.Lock, list[None]]] = {}

    def once(self, caller: Caller, asked: Asked, act: Callable[[], Result]) -> Result:
        """
        Act, or return what this caller's request was answered; in a turn.

        Raises:
            BadRequest: The id is none.

        """
        if not self.counts(asked):
            return act()
        if not _ID.fullmatch(asked.request_id):
            reason = "is not 8 to 64 letters, digits, '_' or '-'"
            raise BadRequest(REQUEST_ID, reason)
        who = f"{caller.dialect.name} {caller.user_id or caller.address}"
        path = "/".join(asked.route())
        name = name_of(who, path, asked.request_id, asked.body)
        earlier = self._kept.find(name, self._clock.monotonic())
        if earlier is not None:
            return earlier
        result = act()

        def keep(answer: Wire) -> None:
            self._kept.keep(who, name, answer, self._clock.monotonic())

        if isinstance(result, CloudCall):
            return replace(result, settle=keep)
        if not isinstance(result, Hold | Written):
            keep(result)
        return result

    @staticmethod
    def counts(asked: Asked) -> bool:
        """Say whether a request has an id on a route that heeds it."""
        return bool(asked.request_id) and asked.route()[1] in HAD_ONCE

    @asynccontextmanager
    async def in_order(self, asked: Asked) -> AsyncGenerator[None]:
        """Pass one after the other, those of one id."""
        token = asked.query.get("token", "")
        name = (asked.path, asked.request_id, asked.authorization, token)
        lock, those_here = self._inside.setdefault(name, (asyncio.Lock(), []))
        those_here.append(None)
        try:
            async with lock:
                yield
        finally:
            those_here.pop()
            if not those_here:
                del self._inside[name]
