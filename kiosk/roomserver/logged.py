"""Which requests leave a line in the log."""

from __future__ import annotations

from enum import Enum


class Logged(Enum):
    """The choice of the configuration, in its words."""

    NONE = "off"
    REFUSED = "refused"
    ALL = "all"
