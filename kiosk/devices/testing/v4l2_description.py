"""What a fake webcam's driver says of it: name, formats, sizes, rates, controls."""

from __future__ import annotations

import errno

from kiosk.devices.testing.v4l2_webcam import FakeWebcam, refuse
from kiosk.v4l2 import uapi
from kiosk.v4l2.uapi_numbers import (
    FRMIVAL_TYPE_DISCRETE,
    FRMSIZE_TYPE_DISCRETE,
    Cap,
    Cid,
    Pixel,
)


class Description:
    """
    The answers that nothing depends on which node asks.

    Args:
        webcam: Of whom.

    """

    def __init__(self, webcam: FakeWebcam) -> None:
        self._webcam = webcam

    def query_cap(self, asked: uapi.Capability) -> None:
        """VIDIOC_QUERYCAP."""
        asked.driver = self._webcam.driver.encode()
        asked.card = self._webcam.card.encode()
        asked.bus_info = self._webcam.bus.encode()
        # what all nodes of the device can together; what this one can
        asked.capabilities = Cap.DEVICE_CAPS | Cap.META_CAPTURE | self._webcam.caps
        asked.device_caps = self._webcam.caps

    def enum_format(self, asked: uapi.FmtDesc) -> None:
        """VIDIOC_ENUM_FMT."""
        if asked.index >= len(self._webcam.offers):
            refuse(errno.EINVAL)
        asked.pixelformat = self._webcam.offers[asked.index].pixel

    def enum_size(self, asked: uapi.FrmSizeEnum) -> None:
        """VIDIOC_ENUM_FRAMESIZES."""
        sizes = self._webcam.rates[Pixel(asked.pixel_format)].sizes
        if asked.index >= len(sizes):
            refuse(errno.EINVAL)
        asked.type = FRMSIZE_TYPE_DISCRETE
        asked.size.discrete.width, asked.size.discrete.height = sizes[asked.index]

    def enum_interval(self, asked: uapi.FrmIvalEnum) -> None:
        """VIDIOC_ENUM_FRAMEINTERVALS."""
        offer = self._webcam.rates[Pixel(asked.pixel_format)]
        is_known = (asked.width, asked.height) in offer.sizes
        if not is_known or asked.index >= len(offer.rates):
            refuse(errno.EINVAL)
        asked.type = FRMIVAL_TYPE_DISCRETE
        asked.interval.discrete.numerator = 1
        asked.interval.discrete.denominator = offer.rates[asked.index]

    def query_control(self, asked: uapi.QueryCtrl) -> None:
        """VIDIOC_QUERYCTRL."""
        if asked.id not in self._webcam.controls:
            refuse(errno.EINVAL)
        asked.minimum, asked.maximum = 0, 8_000_000
        if asked.id == Cid.MPEG_VIDEO_FORCE_KEY_FRAME:
            asked.maximum = 0  # a button has no range

    def get_control(self, asked: uapi.Control) -> None:
        """VIDIOC_G_CTRL."""
        if asked.id not in self._webcam.controls:
            refuse(errno.EINVAL)
        asked.value = self._webcam.controls[Cid(asked.id)]

    def set_control(self, asked: uapi.Control) -> None:
        """VIDIOC_S_CTRL."""
        if asked.id not in self._webcam.controls:
            refuse(errno.EINVAL)
        self._webcam.controls[Cid(asked.id)] = asked.value
