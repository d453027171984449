"""Writes a picture of the display: whole, or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from PIL import Image

from kiosk.errors import DeviceError


def write_png(image: Image.Image, path: str, display: str) -> None:
    """
    Write an image, so that nobody ever reads half of it.

    Args:
        image: What is on the glass.
        path: Where it goes.
        display: Which display it is of, for the message.

    Raises:
        DeviceError: If it cannot be written.

    """
    scratch = f"{path}.{os.getpid()}.{threading.get_ident()}.part"
    try:
        image.save(scratch, format="PNG")
        Path(scratch).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(scratch).unlink()
        reason = f"cannot write the picture {path}: {error}"
        raise DeviceError("display", display, reason) from error
