"""
Builds the virtual appliance and boots it: a kiosk in QEMU, on real kernel drivers.

It knows nothing of the kiosk but its package file; what is tested in the guest, and how,
is in ``tests/appliance``.  ``python -m appliance`` is the way in, see ``__main__``.
"""
