"""
A machine with sound cards that are none, for tests and demonstrations.

:class:`FakeSound` stands where the library and the kernel do: the code above it runs
unchanged, down to pyalsaaudio's own names and its odd ways of saying no.
"""

from kiosk.alsa.testing.card import FakeCard
from kiosk.alsa.testing.sound import FakeSound


__all__ = ["FakeCard", "FakeSound"]
