"""
Unpacks ``update.tar.zst``: a stream in, image after image out, nothing kept.

``zstd`` (Debian's) expands it, in a process of its own that gets a bounded window; what
it reads is counted and summed on the way.  Only what the manifest signed is believed
later: here nothing is but the names of the members.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Generator, Iterator
from typing import IO, BinaryIO, Final, Protocol, cast

from kiosk.errors import UpdateRefused
from kiosk.update.release import IMAGES
from kiosk.update.sparse import BLOCK, unrolled


_ZSTD: Final = ("zstd", "--decompress", "--stdout", "--quiet", "--memory=128MiB")
_JOIN_S = 5.0


class Readable(Protocol):
    """What a payload is read from."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, or fewer at the end."""
        ...


@contextlib.contextmanager
def unpacked(payload: Readable) -> Generator[Iterator[tuple[str, Iterator[bytes]]]]:
    """
    Yield the images of a payload, each with its content, to be read in this order.

    Args:
        payload: Read to its end, unless the caller has had enough.

    Raises:
        UpdateRefused: It is not what rpi-image-gen makes, or damaged.

    """
    if shutil.which(_ZSTD[0]) is None:
        raise UpdateRefused("zstd is missing here; apt install zstd")
    with subprocess.Popen(  # noqa: S603 -- a program of the system
        _ZSTD,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as zstd:
        feeder = threading.Thread(
            target=_feed, args=(payload, zstd.stdin), name="update payload", daemon=True
        )
        feeder.start()
        try:
            yield _images(cast("BinaryIO", zstd.stdout))
        finally:
            zstd.kill()
            feeder.join(_JOIN_S)


def _feed(payload: Readable, pipe: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError, OSError), pipe:
        while block := payload.read(BLOCK):
            pipe.write(block)


def _images(stream: BinaryIO) -> Iterator[tuple[str, Iterator[bytes]]]:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member)
                if member.name not in IMAGES or content is None:
                    raise UpdateRefused(
                        f"it holds {member.name[:80]!a}, which is no image of a slot"
                    )
                yield member.name, unrolled(cast("BinaryIO", content))
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise UpdateRefused(
            f"its images cannot be unpacked ({error}); copy or download it again"
        ) from error
