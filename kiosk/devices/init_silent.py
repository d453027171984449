"""No supervisor: on a laptop nobody asks whether the daemon is alive."""

from __future__ import annotations


class SilentInit:
    """Implements :class:`kiosk.ports.Init` and tells nobody."""

    def ready(self) -> None:
        """Tell nobody."""

    def status(self, text: str) -> None:
        """Tell nobody."""

    def ping(self) -> None:
        """Tell nobody."""

    def stopping(self) -> None:
        """Tell nobody."""
