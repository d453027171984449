"""Which keys of streams there are, and what they grant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


_MIN_VALIDITY_S = 60


class KeyStyle(Enum):
    """Which forms a server signs and believes."""

    BOTH = "both"
    """Tickets for who asks for them, the originals' form for the others."""
    TICKETS = "v2"
    """Tickets only, asked for or not; who has no login is given no URL."""
    TENCENT = "tencent"
    """The originals' form only."""


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """
    What is granted with keys.

    Attributes:
        style: Which forms there are.
        valid_s: How long a URL of the originals' form may be used.
        rotate_s: How long a key signs tickets; 0: until it is told otherwise.
        session_s: The longest life of a connection, whatever let it in.

    """

    style: KeyStyle = KeyStyle.BOTH
    valid_s: int = 24 * 3600
    rotate_s: float = 24 * 3600.0
    session_s: float = 8 * 3600.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.valid_s < _MIN_VALIDITY_S:
            raise ValueError(f"keys.valid_s must be at least {_MIN_VALIDITY_S}")
        if self.session_s <= 0 or self.rotate_s < 0:
            raise ValueError("keys.session_s must be more than 0, rotate_s no less")
        if 0 < self.rotate_s < self.session_s:
            raise ValueError(
                "keys.rotate_s must not be shorter than session_s: calls would end"
            )
