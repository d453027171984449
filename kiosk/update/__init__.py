"""
System updates: a signed artefact into the slot that does not run, and back if it is bad.

``release`` says what an artefact is for, ``artefact`` opens one, ``images`` unpacks it,
``writing`` brings an image to a partition, ``slots`` is the port to whatever chooses the
slot at boot (``slots_raspberry``, ``slots_grub``), ``record`` remembers across reboots
and slots, ``applying`` goes through the steps, ``settling`` decides after a boot,
``telling`` says how it is.

The artefact, ``NAME.kiosk-update``, is a tar of three members in this order::

    manifest.toml       kiosk.signed's, kind = "update"; [about] as release.py says
    manifest.toml.sig
    update.tar.zst      as rpi-image-gen's image-rota makes it: members boot and system,
                        each an image or an Android sparse image of one

1. The running slot is never written: the port names the other one's partitions, and
   the kernel refuses to open a partition that is in use (``O_EXCL``).
2. Nothing is written before the signature, the board, the version and the whole
   artefact were judged; nothing is booted that was not read back as it was signed.
3. A new system boots once, on trial.  It is kept once the kiosk is healthy
   (:mod:`kiosk.health`); in every other case, a hanging kernel included, the next boot
   is the old system, and the record says that the update failed.
4. ``kill -9`` and power cuts are allowed at any moment; doing it again completes it.
"""
