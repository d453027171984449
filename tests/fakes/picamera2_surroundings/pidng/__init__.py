"""PiDNG by name alone: picamera2 writes raw pictures with it, the kiosk none."""
