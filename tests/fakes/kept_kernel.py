"""
A fake DRM card whose state outlives the process that lit it, as the real one's does.

What the kernel keeps for an open device lies in a folder here, under the identity of
the descriptor: an eventfd, which keeps its identity however often it is duplicated,
sent over a socket or inherited.  So whoever takes the descriptor over finds the same
planes lit, the same framebuffers and the same memory, and whoever opens the card
anew while the old descriptor lives somewhere is not its master.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import itertools
import os
import pickle
import re
from pathlib import Path
from weakref import WeakKeyDictionary

from typing_extensions import override

from kiosk.display.testing.kernel import FakeKernel
from kiosk.display.testing.memory import Framebuffer, Memory, refuse
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import Flag, Fourcc


UNPLUGGED = "unplugged"
"""While a file of this name is in the folder, no panel is connected."""
COMMITS = "commits"
"""A line a commit: the pictures of the planes that are lit then, as their hashes."""

_CHANGES = {
    Ioctl.MODE_CREATE_DUMB,
    Ioctl.MODE_DESTROY_DUMB,
    Ioctl.GEM_CLOSE,
    Ioctl.MODE_ADDFB2,
    Ioctl.MODE_RMFB,
    Ioctl.MODE_CREATEPROPBLOB,
    Ioctl.MODE_DESTROYPROPBLOB,
    Ioctl.MODE_ATOMIC,
}
_ID = re.compile(r"eventfd-id:\s*([0-9]+)")


class KeptKernel(FakeKernel):
    """
    Implements :class:`kiosk.display.node.Kernel`.

    Args:
        folder: Stands for the machine; all processes of a test share it.
        fd: A descriptor of this card that was handed over; None opens it anew.
        profile: The driver.

    """

    def __init__(
        self, folder: Path, fd: int | None = None, profile: str = "vc4-gen4"
    ) -> None:
        super().__init__(profile, is_self_paced=True)
        self._folder = folder
        self._paths = WeakKeyDictionary[Memory, Path]()
        self._numbers = itertools.count()
        if fd is not None:
            os.close(self._ready)
            self._ready = fd
        self._state = folder / f"card-{identity(self._ready)}"
        if self._state.exists():
            self._restore()
        elif any(folder.glob("card-*")):
            self.is_master = False

    @override
    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        with self._lock:
            self.panel.is_connected = not (self._folder / UNPLUGGED).exists()
            super().ioctl(request, argument)
            if request is Ioctl.MODE_CREATE_DUMB:
                self._put_into_folder(argument.handle)
            if request in _CHANGES:
                self._keep()
            if (
                request is Ioctl.MODE_ATOMIC
                and not argument.flags & Flag.ATOMIC_TEST_ONLY
            ):
                self._note_commit()

    def _note_commit(self) -> None:
        """Write down what is lit from here on, for whoever looks for a dark moment."""
        lit = [v["FB_ID"] for v in self._objects.values.values() if v.get("FB_ID")]
        pictures = []
        for number in lit:
            memory, _, _ = self.memories.framebuffers[number].planes[0]
            pictures.append(hashlib.sha1(self._paths[memory].read_bytes()).hexdigest())
        with (self._folder / COMMITS).open("a") as file:
            file.write(" ".join(pictures) + "\n")

    def _put_into_folder(self, handle: int) -> None:
        size = self.memories.handles[handle].size
        # never a name again: writing to a file that is mapped cuts it short first
        path = self._folder / f"memory-{os.getpid()}-{next(self._numbers)}"
        path.write_bytes(bytes(size))
        self.memories.handles[handle] = self._mapped(path, size)

    def _mapped(self, path: Path, size: int) -> Memory:
        memory = Memory(
            os.open(path, os.O_RDWR | os.O_CLOEXEC), size, is_imported=False
        )
        self._paths[memory] = path
        return memory

    def _keep(self) -> None:
        paths = self._paths
        kept = {
            "values": self._objects.values,
            "blobs": self._blobs,
            "handles": {
                handle: (paths[memory], memory.size)
                for handle, memory in self.memories.handles.items()
            },
            "framebuffers": {
                number: (
                    (fb.width, fb.height, int(fb.fourcc)),
                    [(paths[m], m.size, pitch, at) for m, pitch, at in fb.planes],
                )
                for number, fb in self.memories.framebuffers.items()
            },
        }
        scratch = self._state.with_suffix(".part")
        scratch.write_bytes(pickle.dumps(kept))
        scratch.replace(self._state)

    def _restore(self) -> None:
        kept = pickle.loads(self._state.read_bytes())
        self._objects.values.update(kept["values"])
        self._blobs.update(kept["blobs"])
        known: dict[Path, Memory] = {}

        def memory(path: Path, size: int) -> Memory:
            if path not in known:
                known[path] = self._mapped(path, size)
            return known[path]

        for handle, (path, size) in kept["handles"].items():
            self.memories.handles[handle] = memory(path, size)
        for number, ((width, height, fourcc), planes) in kept["framebuffers"].items():
            placed = tuple(
                (memory(p, size), pitch, at) for p, size, pitch, at in planes
            )
            self.memories.framebuffers[number] = Framebuffer(
                width, height, Fourcc(fourcc), placed
            )
        used = [0, *kept["framebuffers"], *kept["blobs"]]
        self.memories._fb_ids = itertools.count(max(used) + 1000)
        self._blob_ids = iter(range(max(used) + 1001, 1 << 30, 2))


def identity(fd: int) -> str:
    """Return what all duplicates of an eventfd have in common."""
    text = Path(f"/proc/self/fdinfo/{fd}").read_text("ascii")
    found = _ID.search(text)
    if found is None:
        refuse(errno.ENODEV, "no descriptor of a card")
    return found[1]
