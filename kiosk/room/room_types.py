"""
The three kinds of rooms, each a space of its own with its own route prefix.

A room of one type is neither seen nor entered through the routes of another,
even under the same id.  Source: protocol sections 1 and 3.
"""

from __future__ import annotations

from enum import Enum


class RoomType(Enum):
    """The value is the folder of its routes: ``/weapp/<value>/<route>``."""

    DOUBLE = "double_room"
    """One to one."""
    MULTI = "multi_room"
    """Several members, all equal."""
    LIVE = "live_room"
    """A broadcaster, guests on the air beside it, and an audience."""

    @property
    def usual_capacity(self) -> int:
        """Members of a room as the originals have it, the creator included."""
        return 2 if self is RoomType.DOUBLE else 4
