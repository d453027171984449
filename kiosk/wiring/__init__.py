"""
What buttons and lamps are wired to: the GPIO lines and the input devices of this machine.

``chips`` asks the kernel which lines there are and who holds them, ``header`` opens
them with gpiozero, ``inputs`` finds and reads keypads, ``pace`` takes steps when they
are due.  Adapters of
:mod:`kiosk.devices` use it and make DeviceErrors of what is :exc:`Unusable`.
"""

from kiosk.wiring.header import Board, Header, Pin
from kiosk.wiring.pace import Pace, ThreadPace
from kiosk.wiring.unusable import Unusable


__all__ = ["Board", "Header", "Pace", "Pin", "ThreadPace", "Unusable"]
