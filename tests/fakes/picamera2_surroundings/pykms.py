"""pykms by name alone: picamera2's preview imports it. Never PyPI's ``kms``."""


class PixelFormat:
    RGB888 = BGR888 = XBGR8888 = XRGB8888 = None
    YUV420 = YVU420 = NV12 = YUYV = None
