"""
Bundles that a kiosk fetches by itself: ``[provision] url``.

Decides whether what a server has is signed, new, and meant for this device; what a
bundle does to the device is :mod:`kiosk.provision`'s matter, as with one from a stick.
"""
