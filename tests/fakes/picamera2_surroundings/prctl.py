"""python-prctl by name alone: picamera2's output by ffmpeg imports it."""
