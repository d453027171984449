"""
The Raspberry Pi's own cameras, by picamera2 and libcamera.

A package, because it is more than one screenful; other adapters know it no more than
they know each other.  ``vendor`` is the only module that imports picamera2 and
libcamera, and the seam where :mod:`kiosk.devices.testing` stands in for them;
``session`` is one opened camera; ``hardware`` and ``software`` make H.264 of its
pictures; ``pictures`` and ``sensor_time`` read what a camera hands out.

A camera is opened once a call and never configured anew within it: opening again
and again is what ends in "cannot allocate memory" (picamera2 issues 887, 958, 1125).
"""

from kiosk.devices.camera_picamera2.adapter import Picamera2Camera


__all__ = ["Picamera2Camera"]
