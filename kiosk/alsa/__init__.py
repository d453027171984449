"""
Sound cards through ALSA: which there are, opened by a name that stays, and read
or written without ever being waited for.

What the microphone's and the loudspeaker's adapter share.  The vendor's module
(pyalsaaudio) comes in by :class:`kiosk.alsa.machine.SoundMachine` and nowhere
else, so that everything here also runs on :mod:`kiosk.alsa.testing`.
"""
