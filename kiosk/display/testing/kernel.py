"""
A DRM device that is none: it enforces what drivers enforce, and whoever made it owns
its time.

It takes the place of :class:`kiosk.display.node.Node`.  A page flip is complete when
:meth:`FakeKernel.vblank` is called, not before; a panel is plugged and unplugged, the
right to commit is lost and the whole device is gone when the test says so.  What was
refused is in ``refusals``, and what no client should ever do in ``faults``: such as
writing into memory that is being scanned out.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any

from kiosk.display import uapi
from kiosk.display.testing.commits import Commits
from kiosk.display.testing.discovery import LARGEST, Discovery, Panel
from kiosk.display.testing.memory import Framebuffer, Memories, refuse
from kiosk.display.testing.mode_objects import CRTC, ModeObjects
from kiosk.display.testing.profiles import PROFILES, ModeSize
from kiosk.display.testing.rules import PlaneState
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import EVENT_FLIP_COMPLETE, ClientCap, Flag


_FIRST_BLOB = 500
_EVERY_EVENT = 0xFFFF_FFFF


class FakeKernel:
    """
    Implements :class:`kiosk.display.node.Kernel`. Any thread.

    Args:
        profile: Name of the driver, see :data:`PROFILES`.
        modes: What the panel can; the driver's own by default.
        is_connected: Whether a panel is plugged in.
        is_self_paced: Complete every flip at once, without :meth:`vblank`.
        watches_writes: Compare what is shown from commit to commit; not for those
            who measure time.

    Attributes:
        is_master: Whether nobody else is.
        is_inherited: Whether another process opened the device.
        is_gone: Whether the device was taken away.
        commits: Commits that were carried out.
        flips: Page flips that completed.
        panel: What is plugged in.
        refusals: Why commits were refused, in the kernel's words.
        faults: What a client did that a customer would see.
        on_close: Called before anything is given back.
        on_flip: Called when a flip begins to wait for its vblank.

    """

    def __init__(
        self,
        profile: str,
        *,
        modes: tuple[ModeSize, ...] | None = None,
        is_connected: bool = True,
        is_self_paced: bool = False,
        watches_writes: bool = True,
    ) -> None:
        self.profile = PROFILES[profile]
        self._name = f"fake:{profile}"
        self.is_master = True
        self.is_inherited = self._is_free = False
        self.is_gone = False
        self._watches_writes = watches_writes
        self._lock = threading.RLock()
        self._objects = ModeObjects(self.profile)
        self.memories = Memories(self.profile.dumb_bpp)
        self._blobs: dict[int, bytes] = {}
        self._judge = Commits(self.profile, self._objects, self.memories, self._blobs)
        self._blob_ids = iter(range(_FIRST_BLOB, 1 << 30))
        self.panel = Panel(modes or self.profile.modes, is_connected)
        ask = Discovery(self.profile, self._objects, self.memories, self.panel)
        self._capabilities = ask.capabilities
        self._events: deque[bytes] = deque()
        self._ready = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._pending: list[int | None] = []
        self._sums: dict[int, int] = {}
        self._sequence = 0
        self.commits = self.flips = 0
        self.on_close: Callable[[], None] = lambda: None
        nothing = self.on_close
        self.on_flip: Callable[[], object] = self.vblank if is_self_paced else nothing
        self.refusals: list[str] = []
        self.faults: list[str] = []
        self._answers: dict[Ioctl, Callable[[Any], None]] = {
            Ioctl.VERSION: ask.version,
            Ioctl.GET_CAP: ask.get_cap,
            Ioctl.SET_CLIENT_CAP: ask.set_client_cap,
            Ioctl.SET_MASTER: self._set_master,
            Ioctl.DROP_MASTER: self._drop_master,
            Ioctl.GEM_CLOSE: lambda a: self.memories.close(a.handle, errno.EINVAL),
            Ioctl.PRIME_FD_TO_HANDLE: self.memories.import_dmabuf,
            Ioctl.MODE_GETRESOURCES: ask.get_resources,
            Ioctl.MODE_GETCONNECTOR: ask.get_connector,
            Ioctl.MODE_GETENCODER: ask.get_encoder,
            Ioctl.MODE_GETPLANERESOURCES: ask.get_plane_resources,
            Ioctl.MODE_GETPLANE: ask.get_plane,
            Ioctl.MODE_OBJ_GETPROPERTIES: self._objects.get_properties,
            Ioctl.MODE_GETPROPERTY: self._objects.get_property,
            Ioctl.MODE_CREATE_DUMB: self.memories.create_dumb,
            Ioctl.MODE_MAP_DUMB: self.memories.map_dumb,
            Ioctl.MODE_DESTROY_DUMB: lambda a: self.memories.close(
                a.handle, errno.EINVAL
            ),
            Ioctl.MODE_ADDFB2: self._add_framebuffer,
            Ioctl.MODE_RMFB: self._remove_framebuffer,
            Ioctl.MODE_CREATEPROPBLOB: self._create_blob,
            Ioctl.MODE_DESTROYPROPBLOB: self._destroy_blob,
            Ioctl.MODE_ATOMIC: self._atomic,
        }

    @property
    def name(self) -> str:
        """What stands for the path of the node."""
        return self._name

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """Answer as the driver does."""
        with self._lock:
            if self.is_gone:
                refuse(errno.ENODEV, "the device is gone")
            self._answers[request](argument)

    def map(self, size: int, offset: int) -> mmap.mmap:
        """Map a dumb buffer."""
        with self._lock:
            return self.memories.map(size, offset)

    def read(self) -> bytes:
        """Return the events that are there."""
        with self._lock:
            if not self._events:
                return b""
            os.eventfd_read(self._ready)
            events = b"".join(self._events)
            self._events.clear()
            return events

    def fileno(self) -> int:
        """Return what is readable when a flip is complete."""
        return self._ready

    def close(self) -> None:
        """Give everything back."""
        self.on_close()
        with self._lock:
            if self._ready >= 0:
                os.close(self._ready)
            self._ready = -1
            self.memories.handles.clear()
            self.memories.framebuffers.clear()

    # What a test does to it.

    def vblank(self) -> bool:
        """Complete the flip that is pending; returns whether there was one."""
        with self._lock:
            self._sequence += 1
            cookies, self._pending = self._pending, []
            now_us = time.monotonic_ns() // 1000
            wanted = [cookie for cookie in cookies if cookie is not None]
            for cookie in wanted:
                event = uapi.EventVblank(
                    base_type=EVENT_FLIP_COMPLETE,
                    base_length=ctypes.sizeof(uapi.EventVblank),
                    user_data=cookie,
                    tv_sec=now_us // 1_000_000,
                    tv_usec=now_us % 1_000_000,
                    sequence=self._sequence & _EVERY_EVENT,
                    crtc_id=CRTC,
                )
                self._events.append(bytes(event))
            if wanted and self._ready >= 0:
                self.flips += 1
                os.eventfd_write(self._ready, 1)
            return bool(cookies)

    @property
    def is_flip_pending(self) -> bool:
        """Whether a commit waits for its vblank."""
        return bool(self._pending)

    def lose_flip(self) -> None:
        """Forget the flip that is pending, as hardware that hangs does."""
        self._pending.clear()

    def unplug(self) -> None:
        """Take the panel away."""
        self.panel.is_connected = False

    def plug(self, modes: tuple[ModeSize, ...] | None = None) -> None:
        """Put a panel there, perhaps another one."""
        self.panel.modes = modes or self.panel.modes
        self.panel.is_connected = True

    @property
    def mode(self) -> uapi.ModeModeinfo | None:
        """The mode that is being scanned out; ``None`` while dark."""
        return self._judge.mode(self._objects.values[CRTC])

    def shown(self) -> list[PlaneState]:
        """Return the planes that are on, the lowest first."""
        with self._lock:
            planes = self._judge.planes(self._objects.values)
        return sorted(planes, key=lambda p: (p.values.get("zpos", p.number), p.number))

    # What the client asks.

    def _add_framebuffer(self, asked: uapi.ModeFbCmd2) -> None:
        self.memories.add_framebuffer(asked, self.profile.formats, LARGEST)
        (memory, pitch, _), *_ = self.memories.framebuffers[asked.fb_id].planes
        if self.profile.has_own_pitch and pitch != memory.pitch:
            self.faults.append(f"a pitch of {pitch} in memory made with {memory.pitch}")

    def _remove_framebuffer(self, asked: uapi.FbId) -> None:
        if self.memories.framebuffers.pop(asked.value, None) is None:
            refuse(errno.ENOENT, f"no framebuffer {asked.value}")
        self._sums.pop(asked.value, None)
        for number in self._objects.kinds:
            values = self._objects.values[number]
            if values["FB_ID"] == asked.value:
                self.faults.append(f"framebuffer {asked.value} removed while shown")
                values["FB_ID"] = values["CRTC_ID"] = 0

    def _create_blob(self, asked: uapi.ModeCreateBlob) -> None:
        asked.blob_id = next(self._blob_ids)
        self._blobs[asked.blob_id] = ctypes.string_at(asked.data, asked.length)

    def _destroy_blob(self, asked: uapi.ModeDestroyBlob) -> None:
        if asked.blob_id not in self._blobs:
            refuse(errno.ENOENT, f"no blob {asked.blob_id}")
        if self._objects.values[CRTC]["MODE_ID"] != asked.blob_id:
            del self._blobs[asked.blob_id]

    def _set_master(self, _: uapi.Nothing) -> None:
        _refuse_heirs(is_inherited=self.is_inherited)
        self.is_master, self._is_free = self.is_master or self._is_free, False
        self._need_master()

    def _drop_master(self, _: uapi.Nothing) -> None:
        _refuse_heirs(is_inherited=self.is_inherited)
        self._need_master()
        self.is_master, self._is_free = False, True

    def _need_master(self) -> None:
        if not self.is_master:
            refuse(errno.EACCES, "somebody else is master")

    # Commits.

    def _atomic(self, asked: uapi.ModeAtomic) -> None:
        try:
            self._carry_out(asked)
        except OSError as error:
            self.refusals.append(str(error.strerror))
            raise

    def _carry_out(self, asked: uapi.ModeAtomic) -> None:
        self._need_master()
        if ClientCap.ATOMIC not in self._capabilities:
            refuse(errno.EINVAL, "the client did not ask for atomic commits")
        flags = Flag(asked.flags)
        if Flag.ATOMIC_TEST_ONLY in flags and Flag.PAGE_FLIP_EVENT in flags:
            refuse(errno.EINVAL, "a test has no event")
        wanted = self._judge.wanted(asked)
        self._judge.check(wanted, flags)
        if Flag.ATOMIC_TEST_ONLY in flags:
            return
        if self._pending:
            if Flag.ATOMIC_NONBLOCK in flags:
                self.faults.append("a commit while a flip was pending")
                refuse(errno.EBUSY, "a flip is pending")
            self.vblank()
        self._look_for_writes()
        self._objects.values = wanted
        self.commits += 1
        self._sums = {
            values["FB_ID"]: self._sum(values["FB_ID"])
            for number, values in wanted.items()
            if self._watches_writes
            and number in self._objects.kinds
            and values["FB_ID"]
        }
        has_event = Flag.PAGE_FLIP_EVENT in flags
        # Without an event it is busy all the same.
        if has_event or Flag.ATOMIC_NONBLOCK in flags:
            self._pending.append(asked.user_data if has_event else None)
            self.on_flip()

    def _look_for_writes(self) -> None:
        for number, before in self._sums.items():
            if number in self.memories.framebuffers and self._sum(number) != before:
                self.faults.append(f"framebuffer {number} was written to while shown")

    def _sum(self, number: int) -> int:
        framebuffer: Framebuffer = self.memories.framebuffers[number]
        return zlib.adler32(framebuffer.planes[0][0].bytes)


def _refuse_heirs(*, is_inherited: bool) -> None:
    if is_inherited:
        refuse(errno.EACCES, "only for the process that opened it")
