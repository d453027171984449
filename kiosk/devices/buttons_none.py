"""No buttons: for an agent that answers by itself, or one driven by control."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.ports import ButtonEdge, ButtonFault, Probe


class NoButtons:
    """Implements :class:`kiosk.ports.Buttons` and never reports anything."""

    def probe(self) -> Probe:
        """Say that there are none, on purpose."""
        return Probe("no buttons")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """Report nothing."""

    def close(self) -> None:
        """Nothing to give back."""
