"""
Linux' Video4Linux capture devices: USB webcams, and whatever else is a camera there.

From the kernel's structures (:mod:`kiosk.v4l2.uapi`) up to what becomes of the buffers
(:mod:`kiosk.v4l2.passages`), which alone knows a codec; the rest needs the standard
library.  It stands below the devices because the camera and its fake kernel share it.
"""
