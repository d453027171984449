"""
Where names led to last, used on while nobody tells: a branch's name server may be away.

A fresh answer always comes before what is remembered.  Where a look-up fails, or says
nothing for :data:`PATIENCE_S`, the last answer serves for a day, as RFC 8767 (serving
stale answers) has it for resolvers, which boards seldom have.  Nothing outlives the
process: a name that leads elsewhere meanwhile is a connection that fails, and TLS
decides who answers there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar


KEPT_S: Final = 86_400.0
PATIENCE_S: Final = 0.5
"""So long a fresh answer is waited for where there is an old one."""
CODE: Final = "N004"
_MOST: Final = 16  # room service, gateway, relays, proxy: names come from a server, too

Found = TypeVar("Found")

log = logging.getLogger(__name__)


class LastAddresses(Generic[Found]):
    """
    Remembers the last answer to each name.  Thread-safe.

    Args:
        now_s: Monotonic seconds.

    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._turn = threading.Lock()
        self._known: dict[tuple[str, int], tuple[float, Sequence[Found]]] = {}
        self._unanswered: set[str] = set()

    def keep(self, host: str, port: int, addresses: Sequence[Found]) -> None:
        """Remember a fresh answer."""
        with self._turn:
            self._known.pop((host, port), None)
            self._known[host, port] = self._now_s(), addresses
            self._unanswered.discard(host)
            if len(self._known) > _MOST:
                oldest = next(iter(self._known))
                del self._known[oldest]
                self._unanswered.discard(oldest[0])

    def of(self, host: str, port: int) -> Sequence[Found]:
        """Return the last answer, best address first; nothing if it is of yesterday."""
        with self._turn:
            at, addresses = self._known.get((host, port), (0.0, ()))
            return addresses if self._now_s() - at < KEPT_S else ()

    def serves(self, host: str, reason: str) -> None:
        """Tell, once until the name is answered again, that the last answer is used."""
        with self._turn:
            is_told = host in self._unanswered
            self._unanswered.add(host)
        if not is_told:
            told = {"code": CODE, "host": host, "reason": reason}
            log.warning("name not answered, its last address is used", extra=told)
