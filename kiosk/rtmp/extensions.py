"""
The words of ours on the RTMP wire (both ends import them from here).

A client that puts ``kioskIdr: true`` into ``connect`` understands the command
``requestIdr`` (no arguments, transaction 0, on the stream); a server echoes
the key in ``_result`` to say that it passes the command on.  Strangers know
neither and see nothing but standard RTMP.

Likewise ``kioskOpus: true``: of a player, that it hears Opus (enhanced RTMP) as
well as AAC; of a publisher, that it can send either.  It sends AAC until the
server's command ``useOpus`` (true) comes, which it sends while everybody who
plays hears Opus, and takes back (false) as soon as somebody does not.
"""

from __future__ import annotations

from typing import Final


IDR_KEY: Final = "kioskIdr"
IDR_COMMAND: Final = "requestIdr"
OPUS_KEY: Final = "kioskOpus"
OPUS_COMMAND: Final = "useOpus"
