"""
Setting a kiosk up from a bundle of files: all of one, or nothing.

``intake`` copies a bundle, ``bundle`` says whether it is whole and by whom, ``judging``
what it would make of this kiosk; ``provisioning`` applies it and returns to what was
before, from ``sets`` that are kept and a ``record`` of which is in force; ``trial`` is
how a bundle has to prove itself, ``result`` what a technician reads of all that.

Root runs this, when nothing else may work yet: no network, no thread, no media.  The
daemon takes ``identity`` alone; nothing is imported here for its sake.
"""
