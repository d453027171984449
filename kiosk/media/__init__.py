"""The streams of a call: capture and push, receive and present, on owned threads."""
