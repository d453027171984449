"""
What people see when the kiosk itself cannot run: ``kiosk-safe-screen.service``.

Nothing but the standard library, and of this package what needs no more: it must draw
where Pillow, the codecs or the configuration are broken.
"""
