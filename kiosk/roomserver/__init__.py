"""The RTCRoom server: rooms and routes (pure), HTTP, and the RTMP relay."""
