"""The call itself: what happened goes in, what to do comes out. No I/O, no clock."""
