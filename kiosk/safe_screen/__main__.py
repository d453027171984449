"""The program of ``kiosk-safe-screen.service``; it runs until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, cast

from kiosk.app.first_display import DisplayPlan, plan_in
from kiosk.app.ladder import RECORD, read_record
from kiosk.config import layers
from kiosk.config.documents import Unreadable, merge, read_document
from kiosk.devices.init_notify import NotifyInit, kept_descriptors
from kiosk.devices.init_silent import SilentInit
from kiosk.display.terminal import Terminal
from kiosk.journal.set_up import set_up_log
from kiosk.ports import Init
from kiosk.safe_screen.page import SafePage


LOOK_S: Final = 1.0
UNKNOWN: Final = DisplayPlan(is_certain=False)

log = logging.getLogger("kiosk.safe_screen")


def table_of(root: Path) -> Mapping[str, object] | None:
    """Return the configuration as it is written; None where it cannot be read."""
    files = layers.find_files(layers.KIOSK, root).files
    try:
        return merge(map(read_document, files)).table
    except (Unreadable, OSError, tomllib.TOMLDecodeError) as error:
        log.warning("configuration not read", extra={"reason": str(error)})
        return None


def facts_of(table: Mapping[str, object] | None, record: Path) -> Sequence[str]:
    """Return what stands below the picture: the code, and whom to call."""
    section = (table or {}).get("kiosk")
    phone: object = None
    if isinstance(section, dict):
        phone = cast("Mapping[str, object]", section).get("support_phone")
    return read_record(record).code, phone if isinstance(phone, str) else ""


def main(argv: Sequence[str]) -> int:
    """Show the page until SIGTERM; the one argument is another root directory."""
    set_up_log("info", "text", "kiosk-safe-screen")
    root = Path(argv[0]) if argv else Path("/")
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    supervisor = os.environ.get("NOTIFY_SOCKET")
    init: Init = NotifyInit(supervisor) if supervisor else SilentInit()
    kept = kept_descriptors(os.environ, os.getpid())
    if supervisor:
        Terminal().take()
    table = table_of(root)
    page = _page(table, root, init)
    init.ready()
    while True:
        if page is not None:
            page.look()
        # The card as we left it last time: held until it is open anew, for a card that
        # nobody holds shows the console.
        while kept:
            _, fd = kept.popitem()
            os.close(fd)
        init.status(_words(page))
        init.ping()
        if stop.wait(LOOK_S):
            break
    if page is not None:
        page.leave()
    return os.EX_OK


def _page(
    table: Mapping[str, object] | None, root: Path, init: Init
) -> SafePage | None:
    plan = UNKNOWN if table is None else plan_in(table.get("display", {}))
    if plan is None:
        log.info("no card is configured, nothing to draw on")
        return None
    return SafePage(plan, lambda: facts_of(table, root / RECORD), init)


def _words(page: SafePage | None) -> str:
    if page is None:
        return "no card is configured"
    return page.wrong or "shows that the kiosk is out of service"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
