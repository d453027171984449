"""
The simulator page: a browser plays the hardware of a kiosk.

The kiosk is the real one.  This package stands in front of its devices: what goes to
the display, the lamps and the loudspeaker is also seen and heard on the page; the
page's buttons press beside the real ones; and its switches pull plugs
(:class:`Switches`).  Nothing is decided here, and a kiosk without a page pays for a
counter a picture.

The page is served on loopback only, on a thread and an event loop of its own, so that
a slow browser never holds the daemon.  Its address holds a token; who does not know it
gets nothing, and neither does a page of another origin (``gate``).

Socket
======
One binary WebSocket at ``socket`` beside the page.  Each message to the page is a
header of 16 bytes, little endian, and a body:

====== ==== ==================================================================
offset type meaning
====== ==== ==================================================================
0      u8   kind, :class:`wire.Kind`
1      u8   plane: 0 base, 1 second, 2 third, 3 pip, 4 over; 0 where there is none
2      u16  zero
4      u32  sequence, from 1: the page says it back once the message had its effect
8      i16  x of the plane on the display, in pixels
10     i16  y
12     u16  width
14     u16  height
====== ==== ==================================================================

Bodies: a JPEG (PICTURE), a PNG (PAGE), nothing (OFF), signed 16 bit mono at 48 kHz
(SOUND), JSON (FACTS).  While six pictures or pages wait to be said back no other is
sent: the newest wins, the others are counted as dropped.

The page sends JSON: ``{"seen": 7}``, ``{"button": "call", "down": true}``,
``{"switch": "camera", "on": true}``, ``{"rate": 15}``.
"""
