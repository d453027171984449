"""An error that nobody waits for ends the process, so that systemd starts a new one."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from kiosk.app import kiosk_process
from kiosk.config.load import examine_kiosk
from kiosk.control.client import ControlClient
from kiosk.errors import ControlError
from tests.fakes.waiting import wait_until


def test_a_kiosk_whose_loop_hears_of_a_stray_error_ends_with_a_temporary_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    socket = tmp_path / "control.sock"
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'[room]\nserver = "http://127.0.0.1:9"\n[control]\nsocket = "{socket}"\n',
        encoding="utf-8",
    )
    loops: list[asyncio.AbstractEventLoop] = []

    def make_loop() -> asyncio.AbstractEventLoop:
        loops.append(asyncio.new_event_loop())
        return loops[-1]

    def crash() -> None:
        assert wait_until(lambda: _answers(socket), 40)
        loops[0].call_soon_threadsafe(
            loops[0].call_exception_handler,
            {"message": "thread died", "exception": ZeroDivisionError("stray")},
        )

    thread = threading.Thread(target=crash)
    thread.start()
    loaded, problem = examine_kiosk(file)
    status = kiosk_process.run_kiosk(loaded.config, problem, make_loop)
    thread.join()

    assert status == os.EX_TEMPFAIL
    assert "stray" in capfd.readouterr().err


def _answers(socket: Path) -> bool:
    try:
        return bool(ControlClient(socket).status())
    except ControlError:  # not there yet, or there and not listening yet
        return False
