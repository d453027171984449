"""No supervisor: on a laptop nobody asks whether the daemon is alive."""

from __future__ import annotations

from kiosk.ports import Micros


class SilentInit:
    """Implements :class:`kiosk.ports.Init` and tells nobody."""

    def ready(self) -> None:
        """Tell nobody."""

    def reloading(self, now: Micros) -> None:
        """Tell nobody."""

    def status(self, text: str) -> None:
        """Tell nobody."""

    def ping(self) -> None:
        """Tell nobody."""

    def stopping(self) -> None:
        """Tell nobody."""

    def keep(self, name: str, fd: int) -> None:
        """Keep nothing: there will be no next process to give it to."""

    def forget(self, name: str) -> None:
        """Nothing was kept."""
