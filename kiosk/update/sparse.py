"""
Android's sparse images, which rpi-image-gen makes, unrolled block by block.

What the sparse form leaves out is written as zeros: what was in the partition before
must not shine through, and what is read back has one right content.
Format: AOSP, system/core/libsparse/sparse_format.h, version 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from kiosk.errors import UpdateRefused


BLOCK: Final = 1 << 20
"""Bytes of the largest block that is yielded."""

_MAGIC = b"\x3a\xff\x26\xed"
_HEADER = struct.Struct("<4xHHHHIIII")
_CHUNK = struct.Struct("<HHII")
_ZEROS = bytes(BLOCK)
_WORD = 4


def unrolled(stream: BinaryIO) -> Iterator[bytes]:
    """
    Yield an image's content; one that is not sparse comes as it is.

    Raises:
        UpdateRefused: The sparse form makes no sense.

    """
    start = stream.read(len(_MAGIC))
    if start != _MAGIC:
        yield start
        while block := stream.read(BLOCK):
            yield block
        return
    major, _, header_size, chunk_size, block_size, _, chunks, _ = _HEADER.unpack(
        start + _exactly(stream, _HEADER.size - len(_MAGIC))
    )
    if major != 1 or header_size < _HEADER.size or chunk_size < _CHUNK.size:
        raise _nonsense()
    _exactly(stream, header_size - _HEADER.size)
    for _ in range(chunks):
        kind, _, blocks, total = _CHUNK.unpack(_exactly(stream, _CHUNK.size))
        _exactly(stream, chunk_size - _CHUNK.size)
        yield from _chunk(stream, kind, blocks * block_size, total - chunk_size)


def _chunk(stream: BinaryIO, kind: int, size: int, stored: int) -> Iterator[bytes]:
    match kind:  # raw, fill, do not care, check sum
        case 0xCAC1 if stored == size:
            for length in _lengths(size):
                yield _exactly(stream, length)
        case 0xCAC2 if stored == _WORD:
            word = _exactly(stream, _WORD)
            full = word * (BLOCK // _WORD)
            for length in _lengths(size):
                yield full[:length]
        case 0xCAC3 if stored == 0:
            for length in _lengths(size):
                yield _ZEROS[:length]
        case 0xCAC4 if stored == _WORD:
            _exactly(stream, _WORD)
        case _:
            raise _nonsense()


def _lengths(size: int) -> Iterator[int]:
    yield from [BLOCK] * (size // BLOCK)
    if size % BLOCK:
        yield size % BLOCK


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise UpdateRefused("an image in it ends too early; copy or download it again")
    return found


def _nonsense() -> UpdateRefused:
    return UpdateRefused("an image in it is of a sparse form that nobody knows")
