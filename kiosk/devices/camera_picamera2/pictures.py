"""
Pictures as a camera hands them out, and as the kiosk takes them.

The coded stream is copied once out of the camera's memory where the processor
encodes it; the small one for the self-view is lent as it is, as a dma-buf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from kiosk.codec.i420 import I420, planes_of
from kiosk.devices.camera_picamera2.vendor import Request
from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, Micros


PLANAR: Final = "YUV420"
INTERLEAVED: Final = "NV12"


def picture_of(request: Request, stream: Mapping[str, Any], name: str) -> I420:
    """
    Return a stream's picture (a copy).

    Args:
        request: Of which; it may go back to the camera afterwards.
        stream: ``size``, ``stride`` and ``format`` as the camera was configured.
        name: Of the stream.

    Raises:
        DeviceError: The camera delivered less than a picture.

    """
    width, height = stream["size"]
    stride = stream["stride"]
    raw = np.asarray(request.make_buffer(name), np.uint8).reshape(-1)
    if raw.size < stride * height * 3 // 2:
        raise DeviceError("camera", name, f"{raw.size} bytes are no picture")
    luma = raw[: stride * height].reshape(height, stride)
    chroma = raw[stride * height : stride * height * 3 // 2]
    if stream["format"] == PLANAR and stride == width:
        return raw[: width * height * 3 // 2].reshape(height * 3 // 2, width)
    picture = np.empty((height * 3 // 2, width), np.uint8)
    y, u, v = planes_of(picture)
    y[:] = luma[:, :width]
    if stream["format"] == INTERLEAVED:
        pairs = chroma.reshape(height // 2, stride)[:, :width]
        u[:], v[:] = pairs[:, 0::2], pairs[:, 1::2]
    else:
        half = chroma.reshape(2, height // 2, stride // 2)[:, :, : width // 2]
        u[:], v[:] = half[0], half[1]
    return picture


def lent_frame(
    request: Request, stream: Mapping[str, Any], name: str, at: Micros
) -> DmabufFrame:
    """
    Return a stream's picture where it lies, and keep it from the camera meanwhile.

    Its ``release`` gives it back to the camera.
    """
    width, height = stream["size"]
    stride = stream["stride"]
    first = request.request.buffers[request.stream_map[name]].planes[0]
    blue = stride * height
    request.acquire()
    return DmabufFrame(
        fd=first.fd,
        width=width,
        height=height,
        fourcc="YU12",
        offsets=(0, blue, blue + stride // 2 * (height // 2)),
        pitches=(stride, stride // 2, stride // 2),
        captured_at=at,
        release=request.release,
    )
