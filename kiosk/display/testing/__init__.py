"""
A kernel without a display: drivers and panels for tests and demonstrations.

:class:`FakeKernel` stands where a DRM device node does, at the ioctl boundary: the
client runs unchanged, structures and pointers included.
"""

from kiosk.display.testing.kernel import FakeKernel
from kiosk.display.testing.profiles import PROFILES, Profile


__all__ = ["PROFILES", "FakeKernel", "Profile"]
