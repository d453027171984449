"""Faults of configuration and surroundings of a kiosk that is running."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.fakes.branch import wait_until
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.stage import Stage


_NONSENSE: Final = {
    "TZ": "Mars/Olympus_Mons",
    "LANG": "xx_YY.KOI-7",
    "LC_ALL": "../../etc/passwd",
    "LANGUAGE": "\u202eevil",
    "PYTHONIOENCODING": "ascii:ignore",
    "HOME": "/nowhere/at/all",
    "TERM": "vt52",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}


@injector("C09")
@contextmanager
def strange_surroundings(stage: Stage, params: Params) -> Iterator[None]:
    """The kiosk is begun again with time zone, languages and proxies that are nonsense."""
    stage.environment = dict(_NONSENSE)
    was = stage.kiosk.pid
    stage.kiosk.kill()
    wait_until(lambda: stage.kiosk.pid != was, "begun again")
    stage.kiosk.wait_for("IDLE", 60.0)
    yield
    stage.environment = {}


@injector("C10")
@contextmanager
def bad_reload(stage: Stage, params: Params) -> Iterator[None]:
    """The configuration is spoiled, and the kiosk told to read it."""
    good = stage.kiosk.config.read_text("utf-8")
    for bad in ("[speaker]\nvolume_db = 'loud'\n", "[room\n", "\0\0\0", "colour = 1\n"):
        stage.kiosk.config.write_text(good + bad, "utf-8")
        stage.signal(stage.kiosk, signal.SIGHUP)
        time.sleep(0.7)
    refused = "configuration refused, the old one goes on"
    wait_until(lambda: refused in stage.kiosk.log, "the bad file was read")
    yield
    stage.kiosk.config.write_text(good, "utf-8")
    stage.signal(stage.kiosk, signal.SIGHUP)
