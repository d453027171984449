"""
What outlives a configuration: it is open before a daemon begins and after it ended.

The display with what is on the glass, the buttons with what is pressed, the control
socket with who connects.  Each stays where its section of the configuration does, and
is closed and opened anew where that changed.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from kiosk import ports
from kiosk.app import devices
from kiosk.app.display import left_dark, plan_of_config
from kiosk.app.first_display import FirstDisplay
from kiosk.app.kept_buttons import KeptButtons
from kiosk.app.late_devices import late_buttons
from kiosk.app.relit import relit
from kiosk.app.reload import Orders
from kiosk.app.simulation import Simulation
from kiosk.config.schema import KioskConfig
from kiosk.control.listener import Listener


log = logging.getLogger(__name__)


class Lasting:
    """
    Args:
        first: The display, where a card was lit before.

    Attributes:
        init: Who supervises this process.
        orders: What he asks of it.
        first: The card's display; None where there is no card.

    """

    def __init__(self, first: FirstDisplay | None) -> None:
        supervisor = os.environ.get("NOTIFY_SOCKET")
        self._is_service = bool(supervisor)
        self.init = devices.make_init(supervisor)
        self.orders = Orders()
        self.first = first
        self._buttons: KeptButtons | None = None
        self._buttons_of: object = None
        self._listener: Listener | None = None

    def light(self, config: KioskConfig, *, is_wrong: bool) -> FirstDisplay | None:
        """
        Return the display of the configured card, lit; None where none is.

        Args:
            config: What can be used of the configuration.
            is_wrong: Whether that is not all of it: then no card in it is none that
                anybody asked for, and what is lit is needed to say what is wrong.

        """
        plan = plan_of_config(config)
        if plan is None and is_wrong:
            return self.first
        self.first = relit(self.first, plan, self.init, is_service=self._is_service)
        if self._is_service and (dark := left_dark(config)):
            log.warning("configuration", extra={"reason": dark})
        return self.first

    def buttons(
        self, config: KioskConfig, clock: ports.Clock, simulation: Simulation
    ) -> KeptButtons:
        """Return the configured buttons, open already if they were these before."""
        section = None if simulation.simulator else config.buttons
        kept = self._buttons
        if kept is None or section is None or section != self._buttons_of:
            if kept is not None:
                kept.let_go()
            made = simulation.buttons(late_buttons(config, clock), clock)
            kept, self._buttons_of = KeptButtons(made), section
        self._buttons = kept
        return kept

    def listener(self, config: KioskConfig) -> Listener:
        """
        Return the control socket.

        Raises:
            ControlError: Another daemon serves there, or the path is unusable.

        """
        path = Path(config.control.socket)
        if self._listener is not None and self._listener.path != path:
            self._listener.close()
            self._listener = None
        if self._listener is None:
            self._listener = Listener(path)
        return self._listener

    def give_up(self) -> None:
        """Say that this kiosk is out of service, and leave that on the glass."""
        if self.first is not None:
            self.first.give_up()

    def close(self) -> None:
        """Close all; the terminal below the display is given back before."""
        if self._buttons is not None:
            self._buttons.let_go()
        if self._listener is not None:
            self._listener.close()
        if self.first is not None:
            self.first.display.close()
