"""RTMP for both ends as pure functions of bytes: no socket, no clock, no thread."""
