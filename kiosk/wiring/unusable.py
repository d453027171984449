"""Why lines and keys cannot be used, and what a technician does about it."""

from __future__ import annotations

from kiosk.errors import DeviceError
from kiosk.ports import Probe


class Unusable(Exception):
    """
    Lines or keys that cannot be used; adapters make a DeviceError or a Probe of it.

    Attributes:
        where: A node, a line or a package.
        cause, cure: One sentence each, without a full stop.

    """

    def __init__(self, where: str, cause: str, cure: str) -> None:
        super().__init__(f"{where}: {cause}; {cure}")
        self.where = where
        self.cause = cause
        self.cure = cure

    def of(self, device: str) -> DeviceError:
        """Return the error of a device port."""
        return DeviceError(device, self.where, f"{self.cause}; {self.cure}")

    def probed(self, found: str) -> Probe:
        """Return what a probe says."""
        return Probe(found, f"{self.where}: {self.cause}", self.cure)
