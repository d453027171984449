"""The kiosk's ``[update]`` section: when a new system may come, and from where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kiosk.config.hours import Hours
from kiosk.config.section import Section
from kiosk.config.values import ServerUrl


class UpdateSection(Section):
    """
    System updates of a device with two slots.

    Attributes:
        url: Of a folder on any web server into which a ``.kiosk-update`` file was
            unpacked (it is a tar); without it nothing is fetched.
        window: When the device may fetch, write and restart by itself, in local
            time; ``closed``: never.
        healthy_s: So long a new system may take to become healthy before the old
            one is taken back, in seconds.

    """

    url: ServerUrl | None = None
    window: Hours = "02:00-04:00"
    healthy_s: Annotated[int, Field(ge=60, le=7200)] = 900
