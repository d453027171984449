"""
How many descriptors this process may have: as many as the system lets it.

A server needs one for each connection, and a shell or a service begins with a soft
limit of 1024.  Raising it is safe here: nothing uses ``select``.
"""

from __future__ import annotations

import resource


def raise_descriptor_limit() -> int:
    """Raise the soft limit to the hard one and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
