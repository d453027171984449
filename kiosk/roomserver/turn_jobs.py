"""What waits for a turn: something to run, and who is told what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from kiosk.roomserver.store_ledger import T


log = logging.getLogger(__name__)


class Job(Protocol):
    """One act; run in a turn, perhaps several times, and told once."""

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for it any more."""
        ...

    def run(self) -> None:
        """Run the act; what came of it last time is forgotten."""
        ...

    def tell(self) -> None:
        """Tell what came of it: it is written."""
        ...


class Asked:
    """An act somebody waits for."""

    def __init__(self, act: Callable[[], T], future: asyncio.Future[T]) -> None:
        self._future = future

        def run() -> Callable[[], None]:
            try:
                result = act()
            except Exception as error:  # noqa: BLE001 -- handed to who waits
                failure = error
                return lambda: future.set_exception(failure)
            return lambda: future.set_result(result)

        self._run = run
        self._tell: Callable[[], None] | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether its client was refused meanwhile."""
        return self._future.done()

    def run(self) -> None:
        """Run the act."""
        self._tell = self._run()

    def tell(self) -> None:
        """Let the client go on."""
        if self._tell is not None and not self._future.done():
            self._tell()


class Posted:
    """An act nobody waits for; its mistakes are logged."""

    is_given_up = False

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def run(self) -> None:
        """Run the act."""
        try:
            self._act()
        except Exception:
            # The outermost frame of this act: nobody else's turn may suffer.
            log.exception("posted act failed")

    def tell(self) -> None:
        """Tell nobody."""
