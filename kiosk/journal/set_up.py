"""Chooses where the log of this process goes, and in which form."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Literal

from kiosk.journal.lines import JsonLines, NeverWaiting, Plain
from kiosk.journal.native import JOURNAL, Journal, is_ours


def set_up_log(
    level: str,
    form: Literal["text", "json"],
    identifier: str = "kiosk",
    environ: Mapping[str, str] = os.environ,
) -> None:
    """
    Send everything of ``level`` and above to the journal, or to standard error.

    Args:
        level: As logging names it, in any case.
        form: Of the lines; in the journal, of their message.
        identifier: Whose lines they are.
        environ: Where systemd says whether standard error is its journal.

    """
    formatter = JsonLines() if form == "json" else Plain()
    writer: logging.Handler
    if is_ours(environ) and JOURNAL.is_socket():
        writer = Journal(identifier)
    else:
        writer = NeverWaiting(sys.stderr)
    writer.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[writer], force=True)
    # Every request would log its URL, and a URL may carry a token; what the HTTP
    # server says of its own start, the line with the addresses says better.
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
