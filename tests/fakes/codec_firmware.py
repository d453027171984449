"""
The firmware behind ``bcm2835_codec.c``: it encodes what the driver hands it.

One connection is one open of the encoder's node.  What each was told is kept, so that
a test can see on which of them a control arrived.
"""

from __future__ import annotations

import mmap
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from kiosk.codec.h264_encoder import H264Encoder
from kiosk.ports import Bitrate, Micros
from kiosk.rtmp.avc import PPS, SPS, nal_type, split_annex_b, to_annex_b


SOURCE: Final = Path(__file__).with_name("bcm2835_codec.c")
BITRATE, FORCE_KEY_FRAME = 0x009909CF, 0x009909E5
_OPEN, _FORMAT, _CONTROL, _PICTURE, _RATE, _CODED = 1, 2, 3, 4, 5, 10
_MESSAGE: Final = struct.Struct("<4I2q")
_KEY, _MORE = 1, 2
_CEILING: Final = Bitrate(4_000_000)


def build_driver(folder: Path) -> Path:
    """Return the library that shows the encoder to a program."""
    library = folder / "bcm2835_codec.so"
    options = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    files = ["-Wno-unused-result", "-o", str(library), str(SOURCE)]
    command = ["cc", *options, *files, "-ldl", "-lpthread"]
    subprocess.run(command, check=True, timeout=60)
    return library


@dataclass
class Open:
    """What one open of the node was told and gave out."""

    controls: list[tuple[int, int]] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    stride: int = 0
    picture_rate: float = 30.0
    n_coded: int = 0


class Firmware:
    """
    Serves at a socket until closed.

    Attributes:
        refuses_open, refuses_stream: An errno, for those who open or start.
        is_stalled: Pictures are taken in and never given back.
        gives_empty_units: Every other unit comes after parameter sets alone.
        opens: All opens, in order.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refuses_open = self.refuses_stream = 0
        self.is_stalled = self.gives_empty_units = False
        self.opens: list[Open] = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop; whoever still encodes is cut off."""
        self._server.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5.0)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        opened = Open()
        self.opens.append(opened)
        encoder: H264Encoder | None = None
        with peer:
            while True:
                head, fds, _, _ = socket.recv_fds(peer, _MESSAGE.size, 1)
                if len(head) < _MESSAGE.size:
                    return
                kind, index, size, flags, sec, usec = _MESSAGE.unpack(head)
                if kind == _OPEN:
                    answer = (self.refuses_open, self.refuses_stream)
                    peer.sendall(_MESSAGE.pack(_OPEN, *answer, 0, 0, 0))
                elif kind == _FORMAT:
                    opened.size, opened.stride = (index, size), flags
                elif kind == _RATE:
                    opened.picture_rate = index / size
                elif kind == _CONTROL:
                    opened.controls.append((index, size))
                elif kind == _PICTURE:
                    at = sec * 1_000_000 + usec
                    encoder = encoder or _encoder_for(opened)
                    with _mapped(fds[0], size) as raw:
                        self._encode(peer, opened, encoder, raw, (index, at))

    def _encode(
        self,
        peer: socket.socket,
        opened: Open,
        encoder: H264Encoder,
        raw: bytes,
        which: tuple[int, int],
    ) -> None:
        if self.is_stalled:
            return
        index, at = which
        bitrates = [value for control, value in opened.controls if control == BITRATE]
        if encoder.bitrate != bitrates[-1]:
            encoder.set_bitrate(Bitrate(bitrates[-1]))
        idr = (FORCE_KEY_FRAME, 1) in opened.controls
        if idr:
            opened.controls.remove((FORCE_KEY_FRAME, 1))
        width, height = opened.size
        rows = np.frombuffer(raw, np.uint8).reshape(height * 3 // 2, opened.stride)
        (unit,) = encoder.encode(rows[:, :width], Micros(at), idr=idr)
        opened.n_coded += 1
        data, flags = unit.data, _KEY if unit.is_idr else 0
        if self.gives_empty_units and unit.is_idr:
            units = split_annex_b(data)
            sets = to_annex_b(u for u in units if nal_type(u) in {SPS, PPS})
            if opened.n_coded > 1:  # later ones come without
                data = to_annex_b(u for u in units if nal_type(u) not in {SPS, PPS})
            self._give(peer, (index, flags | _MORE, at), sets)
        self._give(peer, (index, flags, at), data)

    def _give(
        self, peer: socket.socket, about: tuple[int, int, int], data: bytes
    ) -> None:
        index, flags, at = about
        when = (at // 1_000_000, at % 1_000_000)
        peer.sendall(_MESSAGE.pack(_CODED, index, len(data), flags, *when) + data)


def _encoder_for(opened: Open) -> H264Encoder:
    first = next(value for control, value in opened.controls if control == BITRATE)
    return H264Encoder(
        width=opened.size[0],
        height=opened.size[1],
        picture_rate=opened.picture_rate,
        bitrate=Bitrate(first),
        ceiling=_CEILING,
        gop_s=10.0,
    )


@contextmanager
def _mapped(fd: int, size: int) -> Iterator[bytes]:
    try:
        with mmap.mmap(fd, size, prot=mmap.PROT_READ) as picture:
            yield picture[:]
    finally:
        os.close(fd)
