"""
``kiosk doctor``: everything a technician would look at, each with what to do about it.

``check`` is what is found; ``machine``, ``storage``, ``software``,
``service``, ``server`` and ``installation`` find it without opening anything; ``deep`` opens what is free and measures.  A kiosk
that runs is asked through its control socket for what it holds.
"""
