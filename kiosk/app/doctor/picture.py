"""
A camera's picture, kept for whoever asks what it sees: sharp, bright, the right way up?

It is a picture of whoever stands there: for its owner alone to read, in the directory
for temporary files, and its line says to delete it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from kiosk.app.doctor.check import Check, failure, good, warning


DARK = 24.0
"""Of 255, on average: a lens with its cap on, or no light."""
_WHAT = "camera's picture"


def keep_picture(annex_b: bytes, folder: Path | None = None) -> Check:
    """
    Decode a picture that stands by itself, and keep it as PNG.

    Args:
        annex_b: An IDR with its SPS and PPS.
        folder: Where to; by default where temporary files are.

    """
    decoder: Any = av.CodecContext.create("h264", "r")
    try:
        frames = [*decoder.decode(av.Packet(annex_b)), *decoder.decode(None)]
    except FFmpegError as error:
        return failure(_WHAT, f"cannot be decoded: {error}", "report it: a bug")
    if not frames:
        return failure(_WHAT, "the first unit has none", "report it: a bug")
    image = Image.fromarray(frames[0].to_ndarray(format="rgb24"))
    handle, name = tempfile.mkstemp(".png", "kiosk-camera-", folder)
    with os.fdopen(handle, "wb") as file:
        image.save(file, "PNG")
    brightness = float(np.asarray(image.convert("L")).mean())
    evidence = (
        f"{image.width}x{image.height}, brightness {brightness:.0f} of 255, in {name}; "
        "look at it, then delete it"
    )
    if brightness < DARK:
        return warning(
            _WHAT, evidence, "take the cap off the lens, or switch a light on"
        )
    return good(_WHAT, evidence)
