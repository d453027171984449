"""What the fake kernel says of itself: driver, connector, planes, and the panel."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kiosk.display import uapi
from kiosk.display.testing.memory import Memories, refuse
from kiosk.display.testing.mode_objects import (
    CONNECTOR,
    CRTC,
    ENCODER,
    ModeObjects,
    modeinfo,
    put,
)
from kiosk.display.testing.profiles import ModeSize, Profile
from kiosk.display.uapi_numbers import Cap, ClientCap


LARGEST: Final = 7680
"""Pixels a side of any framebuffer."""


@dataclass(slots=True)
class Panel:
    """
    What is plugged in, or was.

    Attributes:
        modes: What it can, the preferred one first.
        is_connected: Whether it is there.
        probes: How often it was asked.

    """

    modes: tuple[ModeSize, ...]
    is_connected: bool
    probes: int = 0


class Discovery:
    """
    Answers questions; changes nothing but what the client said it can.

    Attributes:
        capabilities: What the client asked for.
        panel: What is plugged in.

    """

    def __init__(
        self, profile: Profile, objects: ModeObjects, memories: Memories, panel: Panel
    ) -> None:
        self._profile = profile
        self._objects = objects
        self._memories = memories
        self.panel = panel
        self.capabilities: set[int] = set()

    def version(self, asked: uapi.Version) -> None:
        """VERSION."""
        driver = self._profile.driver.encode()
        if asked.name and asked.name_len >= len(driver):
            ctypes.memmove(asked.name, driver, len(driver))
        asked.name_len = len(driver)
        asked.date_len = asked.desc_len = 0

    def get_cap(self, asked: uapi.GetCap) -> None:
        """GET_CAP."""
        if asked.capability not in set(Cap):
            refuse(errno.EINVAL, f"no capability {asked.capability}")
        asked.value = 1

    def set_client_cap(self, asked: uapi.SetClientCap) -> None:
        """SET_CLIENT_CAP."""
        if asked.capability not in set(ClientCap):
            refuse(errno.EINVAL, f"no capability {asked.capability}")
        self.capabilities.add(asked.capability)

    def get_resources(self, asked: uapi.ModeCardRes) -> None:
        """MODE_GETRESOURCES."""
        _list(asked, "fbs", "fb_id_ptr", list(self._memories.framebuffers))
        _list(asked, "crtcs", "crtc_id_ptr", [CRTC])
        _list(asked, "connectors", "connector_id_ptr", [CONNECTOR])
        _list(asked, "encoders", "encoder_id_ptr", [ENCODER])
        asked.max_width = asked.max_height = LARGEST

    def get_connector(self, asked: uapi.ModeGetConnector) -> None:
        """MODE_GETCONNECTOR."""
        if asked.connector_id != CONNECTOR:
            refuse(errno.ENOENT, f"no connector {asked.connector_id}")
        if asked.count_modes == 0:
            self.panel.probes += 1
        sizes = self.panel.modes if self.panel.is_connected else ()
        modes = [
            modeinfo(size, is_preferred=index == 0) for index, size in enumerate(sizes)
        ]
        if asked.modes_ptr and asked.count_modes >= len(modes):
            put(asked.modes_ptr, uapi.ModeModeinfo, modes)
        asked.count_modes = len(modes)
        _list(asked, "encoders", "encoders_ptr", [ENCODER])
        asked.encoder_id = ENCODER
        asked.connector_type, asked.connector_type_id = self._profile.connector
        asked.connection = 1 if self.panel.is_connected else 2
        asked.mm_width, asked.mm_height = (
            (527, 296) if self.panel.is_connected else (0, 0)
        )
        asked.count_props = 0

    def get_encoder(self, asked: uapi.ModeGetEncoder) -> None:
        """MODE_GETENCODER."""
        asked.crtc_id, asked.possible_crtcs = CRTC, 1

    def get_plane_resources(self, asked: uapi.ModeGetPlaneRes) -> None:
        """MODE_GETPLANERESOURCES."""
        everything = ClientCap.UNIVERSAL_PLANES in self.capabilities
        numbers = [
            number
            for number, kind in self._objects.kinds.items()
            if everything or kind == "Overlay"
        ]
        _list(asked, "planes", "plane_id_ptr", numbers)

    def get_plane(self, asked: uapi.ModeGetPlane) -> None:
        """MODE_GETPLANE."""
        values = self._objects.values.get(asked.plane_id)
        if values is None or asked.plane_id not in self._objects.kinds:
            refuse(errno.ENOENT, f"no plane {asked.plane_id}")
        asked.possible_crtcs = 1
        asked.crtc_id, asked.fb_id = values["CRTC_ID"], values["FB_ID"]
        formats = sorted(self._profile.formats)
        _list(asked, "format_types", "format_type_ptr", formats)


def _list(asked: Any, what: str, pointer: str, numbers: Sequence[int]) -> None:
    """Fill one array of ids if there is room, and say how many there are."""
    count = f"count_{what}"
    address = getattr(asked, pointer)
    if address and getattr(asked, count) >= len(numbers):
        put(address, ctypes.c_uint32, numbers)
    setattr(asked, count, len(numbers))
