"""
pykms by name alone, for the virtual appliance.

picamera2 imports it unconditionally, for a preview that the kiosk never opens. A
Raspberry Pi has the real one (python3-kms++); Debian has none, and what PyPI calls
"kms" is something else and must never be installed.
"""


class PixelFormat:
    """Names of formats, of which none is ever used."""

    RGB888 = BGR888 = XBGR8888 = XRGB8888 = None
    YUV420 = YVU420 = NV12 = YUYV = None
