"""
The two words of ours on the RTMP wire (both ends import them from here).

A client that puts ``kioskIdr: true`` into ``connect`` understands the command
``requestIdr`` (no arguments, transaction 0, on the stream); a server echoes
the key in ``_result`` to say that it passes the command on.  Strangers know
neither and see nothing but standard RTMP.
"""

from __future__ import annotations

from typing import Final


IDR_KEY: Final = "kioskIdr"
IDR_COMMAND: Final = "requestIdr"
