"""
A card as the kernel describes it: connectors with their modes, CRTCs, planes.

It asks and commits; it chooses nothing (:mod:`kiosk.display.plan`) and remembers
nothing but ids, which never change while a card is open.  Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from kiosk.display import uapi
from kiosk.display.node import DEVICE, Kernel, refusal
from kiosk.display.objects import Connector, Flip, Mode, Plane, Properties
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import (
    CONNECTOR_TYPES,
    EVENT_FLIP_COMPLETE,
    MODE_CONNECTED,
    MODE_IS_INTERLACED,
    MODE_TYPE_PREFERRED,
    PROPERTY_IS_BLOB,
    PROPERTY_IS_FIXED,
    Cap,
    ClientCap,
    Flag,
    ObjectType,
)
from kiosk.errors import DeviceError


STALE_HANDLES: Final = 1024
"""More GEM handles than a predecessor of ours ever held; they count from 1."""

_ROOM_FOR_MODES, _ROOM_FOR_ENCODERS = 256, 32
_U64 = 0xFFFF_FFFF_FFFF_FFFF

Request = Mapping[int, Mapping[int, int]]
"""Object id to property id to value."""


class Card:
    """
    An open card whose driver takes atomic commits. Any thread.

    Args:
        kernel: The device; closed by whoever opened it.

    Raises:
        DeviceError: If the driver is too old for us, or no display's.

    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        try:
            for capability in ClientCap:
                asked = uapi.SetClientCap(capability=capability, value=1)
                kernel.ioctl(Ioctl.SET_CLIENT_CAP, asked)
            self._look()
        except OSError as error:
            reason = "its driver takes no atomic commits"
            raise refusal(kernel.name, error, reason) from error
        if not self.can(Cap.DUMB_BUFFER):
            reason = "its driver has no memory for pictures (dumb buffers)"
            raise DeviceError(DEVICE, kernel.name, reason)

    def _look(self) -> None:
        resources = uapi.ModeCardRes()
        self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
        crtcs = (ctypes.c_uint32 * resources.count_crtcs)()
        connectors = (ctypes.c_uint32 * resources.count_connectors)()
        resources.crtc_id_ptr = ctypes.addressof(crtcs)
        resources.connector_id_ptr = ctypes.addressof(connectors)
        resources.count_fbs = resources.count_encoders = 0
        self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
        self._crtcs: tuple[int, ...] = tuple(crtcs)

    def driver(self) -> str:
        """Return the name of the driver, e.g. ``vc4``."""
        name = ctypes.create_string_buffer(64)
        version = uapi.Version(name_len=63, name=ctypes.addressof(name))
        self.kernel.ioctl(Ioctl.VERSION, version)
        return name.value.decode(errors="replace")

    def can(self, capability: Cap) -> bool:
        """Whether the driver has a capability."""
        asked = uapi.GetCap(capability=capability)
        with suppress(OSError):
            self.kernel.ioctl(Ioctl.GET_CAP, asked)
        return bool(asked.value)

    def connectors(self, *, probe: bool = True) -> tuple[Connector, ...]:
        """
        Return all connectors.

        Args:
            probe: Ask the monitor again: tens to hundreds of milliseconds. Else
                what the kernel knows already.

        Raises:
            DeviceError: If the card is gone.

        """
        try:
            resources = uapi.ModeCardRes()
            self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
            ids = (ctypes.c_uint32 * resources.count_connectors)()
            resources.connector_id_ptr = ctypes.addressof(ids)
            resources.count_fbs = resources.count_encoders = resources.count_crtcs = 0
            self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
            return tuple(self._connector(number, probe=probe) for number in ids)
        except OSError as error:
            raise refusal(self.kernel.name, error) from error

    def _connector(self, number: int, *, probe: bool) -> Connector:
        asked = uapi.ModeGetConnector(connector_id=number)
        if probe:  # a count of 0 makes the kernel talk to the monitor
            self.kernel.ioctl(Ioctl.MODE_GETCONNECTOR, asked)
        modes = (uapi.ModeModeinfo * max(_ROOM_FOR_MODES, asked.count_modes))()
        encoders = (ctypes.c_uint32 * _ROOM_FOR_ENCODERS)()
        asked = uapi.ModeGetConnector(
            connector_id=number,
            count_modes=len(modes),
            modes_ptr=ctypes.addressof(modes),
            count_encoders=len(encoders),
            encoders_ptr=ctypes.addressof(encoders),
        )
        self.kernel.ioctl(Ioctl.MODE_GETCONNECTOR, asked)
        return Connector(
            number,
            _connector_name(asked.connector_type, asked.connector_type_id),
            asked.connection == MODE_CONNECTED,
            (asked.mm_width, asked.mm_height),
            tuple(map(_mode, _steady(modes[: asked.count_modes]))),
            self._crtcs_of(encoders[: asked.count_encoders]),
        )

    def _crtcs_of(self, encoders: Sequence[int]) -> tuple[int, ...]:
        bits = 0
        for number in encoders:
            encoder = uapi.ModeGetEncoder(encoder_id=number)
            self.kernel.ioctl(Ioctl.MODE_GETENCODER, encoder)
            bits |= encoder.possible_crtcs
        return self._among(bits)

    def _among(self, bits: int) -> tuple[int, ...]:
        return tuple(c for index, c in enumerate(self._crtcs) if bits >> index & 1)

    def planes(self) -> tuple[Plane, ...]:
        """Return all planes, in the driver's order."""
        counted = uapi.ModeGetPlaneRes()
        self.kernel.ioctl(Ioctl.MODE_GETPLANERESOURCES, counted)
        ids = (ctypes.c_uint32 * counted.count_planes)()
        counted.plane_id_ptr = ctypes.addressof(ids)
        self.kernel.ioctl(Ioctl.MODE_GETPLANERESOURCES, counted)
        return tuple(self._plane(number) for number in ids)

    def _plane(self, number: int) -> Plane:
        plane = uapi.ModeGetPlane(plane_id=number)
        self.kernel.ioctl(Ioctl.MODE_GETPLANE, plane)
        formats = (ctypes.c_uint32 * plane.count_format_types)()
        plane.format_type_ptr = ctypes.addressof(formats)
        self.kernel.ioctl(Ioctl.MODE_GETPLANE, plane)
        properties = self.properties(number, ObjectType.PLANE)
        kinds = {value: name for name, value in properties.enums["type"].items()}
        kind = kinds[properties.values["type"]]
        crtcs = self._among(plane.possible_crtcs)
        return Plane(number, kind, frozenset(formats), crtcs, properties)

    def properties(self, number: int, kind: ObjectType) -> Properties:
        """Return the properties of an object."""
        asked = uapi.ModeObjGetProperties(obj_id=number, obj_type=kind)
        self.kernel.ioctl(Ioctl.MODE_OBJ_GETPROPERTIES, asked)
        ids = (ctypes.c_uint32 * asked.count_props)()
        values = (ctypes.c_uint64 * asked.count_props)()
        asked.props_ptr = ctypes.addressof(ids)
        asked.prop_values_ptr = ctypes.addressof(values)
        self.kernel.ioctl(Ioctl.MODE_OBJ_GETPROPERTIES, asked)
        known = [self._property(number) for number in ids]
        names = [name for name, _, _ in known]
        return Properties(
            {
                name: number
                for number, (name, _, is_fixed) in zip(ids, known, strict=True)
                if not is_fixed
            },
            dict(zip(names, values, strict=True)),
            {name: enum for name, enum, _ in known if enum},
        )

    def _property(self, number: int) -> tuple[str, dict[str, int], bool]:
        """Return name, enum, and whether it can only be read."""
        asked = uapi.ModeGetProperty(prop_id=number)
        self.kernel.ioctl(Ioctl.MODE_GETPROPERTY, asked)
        name = asked.name.decode(errors="replace")
        entries = (uapi.ModePropertyEnum * asked.count_enum_blobs)()
        if entries and not asked.flags & PROPERTY_IS_BLOB:
            asked.enum_blob_ptr = ctypes.addressof(entries)
            asked.count_values = 0
            self.kernel.ioctl(Ioctl.MODE_GETPROPERTY, asked)
        enum = {entry.name.decode(errors="replace"): entry.value for entry in entries}
        return name, enum, bool(asked.flags & PROPERTY_IS_FIXED)

    def commit(self, request: Request, flags: Flag, cookie: int = 0) -> None:
        """
        Change properties at once or not at all.

        Args:
            request: Values; negative ones are taken as signed.
            flags: See :class:`Flag`.
            cookie: Comes back with the flip.

        Raises:
            OSError: With the driver's reason; nothing changed then.

        """
        objects = sorted(request)
        counts = [len(request[number]) for number in objects]
        pairs = [pair for number in objects for pair in request[number].items()]
        object_ids = (ctypes.c_uint32 * len(objects))(*objects)
        property_counts = (ctypes.c_uint32 * len(objects))(*counts)
        property_ids = (ctypes.c_uint32 * len(pairs))(*[pair[0] for pair in pairs])
        values = (ctypes.c_uint64 * len(pairs))(*[pair[1] & _U64 for pair in pairs])
        atomic = uapi.ModeAtomic(
            flags=int(flags),
            count_objs=len(objects),
            objs_ptr=ctypes.addressof(object_ids),
            count_props_ptr=ctypes.addressof(property_counts),
            props_ptr=ctypes.addressof(property_ids),
            prop_values_ptr=ctypes.addressof(values),
            user_data=cookie,
        )
        self.kernel.ioctl(Ioctl.MODE_ATOMIC, atomic)

    def flips(self) -> list[Flip]:
        """Return the page flips that completed since the last look; never waits."""
        events, offset = self.kernel.read(), 0
        flips: list[Flip] = []
        while offset + ctypes.sizeof(uapi.EventVblank) <= len(events):
            event = uapi.EventVblank.from_buffer_copy(events, offset)
            if event.base_type == EVENT_FLIP_COMPLETE:
                at_us = event.tv_sec * 1_000_000 + event.tv_usec
                flips.append(Flip(event.user_data, at_us, event.sequence))
            offset += max(event.base_length, 8)
        return flips

    def new_blob(self, data: bytes) -> int:
        """Return the id of a new blob."""
        buffer = ctypes.create_string_buffer(data, len(data))
        blob = uapi.ModeCreateBlob(data=ctypes.addressof(buffer), length=len(data))
        self.kernel.ioctl(Ioctl.MODE_CREATEPROPBLOB, blob)
        return blob.blob_id

    def drop_blob(self, number: int) -> None:
        """Let go of a blob; one that is in use stays until it is not."""
        with suppress(OSError):
            blob = uapi.ModeDestroyBlob(blob_id=number)
            self.kernel.ioctl(Ioctl.MODE_DESTROYPROPBLOB, blob)

    def take_master(self) -> None:
        """
        Become the one who may commit; no error if we are.

        Who inherits a descriptor is master with it, and yet is refused SET_MASTER: that
        is for the process that opened it (``drm_auth.c``).  So an empty test comes first.

        Raises:
            DeviceError: If somebody else is.

        """
        with suppress(OSError):
            self.commit({}, Flag.ATOMIC_TEST_ONLY)
            return
        try:
            self.kernel.ioctl(Ioctl.SET_MASTER, uapi.Nothing())
        except OSError as error:
            reason = f"somebody else owns the display ({error.strerror}); stop it"
            raise DeviceError(DEVICE, self.kernel.name, reason) from error

    def drop_master(self) -> None:
        """Let the next who opens the card commit; what is lit stays so; never fails."""
        with suppress(OSError):
            self.kernel.ioctl(Ioctl.DROP_MASTER, uapi.Nothing())

    def framebuffers(self) -> tuple[int, ...]:
        """Return the ids of the framebuffers that were made with this descriptor."""
        resources = uapi.ModeCardRes()
        self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
        ids = (ctypes.c_uint32 * resources.count_fbs)()
        resources.fb_id_ptr = ctypes.addressof(ids)
        resources.count_crtcs = resources.count_connectors = 0
        resources.count_encoders = 0
        self.kernel.ioctl(Ioctl.MODE_GETRESOURCES, resources)
        return tuple(ids)

    def drop_framebuffer(self, number: int) -> None:
        """Remove a framebuffer; its plane goes dark if it is on the display."""
        with suppress(OSError):
            self.kernel.ioctl(Ioctl.MODE_RMFB, uapi.FbId(value=number))


def drop_stale_handles(kernel: Kernel) -> None:
    """
    Let go of all memory a predecessor held through this descriptor.

    Handles are per descriptor and nobody lists them; framebuffers keep their
    memory alive, so nothing on the display changes.  Only before the first
    buffer of ours.
    """
    for handle in range(1, STALE_HANDLES + 1):
        try:
            closed = uapi.GemClose(handle=handle)
            kernel.ioctl(Ioctl.GEM_CLOSE, closed)
        except OSError as error:
            if error.errno != errno.EINVAL:
                return


def _steady(modes: list[uapi.ModeModeinfo]) -> list[uapi.ModeModeinfo]:
    """
    Leave interlaced modes out where there are others: lines of text flicker on them.

    Older televisions prefer 1080i.
    """
    return [mode for mode in modes if not mode.flags & MODE_IS_INTERLACED] or modes


def _mode(raw: uapi.ModeModeinfo) -> Mode:
    dots = raw.htotal * raw.vtotal
    exact = round(raw.clock * 1000 / dots, 2) if dots else float(raw.vrefresh)
    return Mode(
        raw.hdisplay,
        raw.vdisplay,
        exact or 60.0,
        bool(raw.type & MODE_TYPE_PREFERRED),
        bytes(raw),
    )


def _connector_name(kind: int, number: int) -> str:
    known = kind < len(CONNECTOR_TYPES)
    return f"{CONNECTOR_TYPES[kind] if known else 'Unknown'}-{number}"
