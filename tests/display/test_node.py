"""A device node that was closed while others are busy with it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from kiosk.display.node import Node
from kiosk.display.uapi import Ioctl, ModeDestroyDumb


def test_a_node_that_is_closed_is_a_device_that_is_gone_to_whoever_uses_it_yet(
    tmp_path: Path,
) -> None:
    path = tmp_path / "card0"
    path.touch()
    node = Node(os.open(path, os.O_RDWR), str(path))
    node.close()

    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        node.ioctl(Ioctl.MODE_DESTROY_DUMB, ModeDestroyDumb(handle=1))
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        node.map(4096, 0)
