"""The safe screen as a process: with the standard library alone, and a broken tree."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.app.ladder import RECORD, write_record
from kiosk.display.testing import PROFILES
from kiosk.ladder.record import Record
from kiosk.safe_screen.__main__ import facts_of, table_of


TREE = Path(__file__).parents[2]
CARD = '[display]\ndevice = "fake-drm:{}"\nrotation = {}\n'

pytestmark = pytest.mark.e2e


class Supervisor:
    """A notification socket, and what came by it."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.address))
        self._socket.settimeout(20)

    def hear(self, wanted: str) -> list[str]:
        """Return what is said until a message begins so."""
        heard: list[str] = []
        while not (heard and heard[-1].startswith(wanted)):
            message, fds, _, _ = socket.recv_fds(self._socket, 4096, 4)
            for fd in fds:
                os.close(fd)
            heard.append(message.decode())
        return heard

    def close(self) -> None:
        self._socket.close()


@contextmanager
def running(root: Path, supervisor: Supervisor) -> Iterator[subprocess.Popen[bytes]]:
    code = (
        f"import sys; sys.path.insert(0, {str(TREE)!r});"
        " from kiosk.safe_screen.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, str(root)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"NOTIFY_SOCKET": str(supervisor.address)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path)
    yield made
    made.close()


def configured(root: Path, text: str) -> Path:
    folder = root / "etc/kiosk"
    folder.mkdir(parents=True)
    (folder / "kiosk.toml").write_text(text)
    return root


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("rotation", [0, 90])
def test_it_draws_with_the_standard_library_alone_and_ends_when_told(
    tmp_path: Path, supervisor: Supervisor, profile: str, rotation: int
) -> None:
    root = configured(tmp_path, CARD.format(profile, rotation))

    with running(root, supervisor) as process:
        heard = supervisor.hear("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=20)

    assert status == 0
    assert "READY=1" in heard
    assert "FDSTORE=1\nFDNAME=drm" in heard
    assert "STATUS=shows that the kiosk is out of service" in heard


@pytest.mark.parametrize("text", ["[display\n", "\0", '[kiosk]\nlanguage = "x"\n'])
def test_a_configuration_that_is_broken_does_not_end_it(
    tmp_path: Path, supervisor: Supervisor, text: str
) -> None:
    root = configured(tmp_path, text)

    with running(root, supervisor) as process:
        supervisor.hear("WATCHDOG=1")
        supervisor.hear("WATCHDOG=1")

        assert process.poll() is None


def test_code_and_telephone_are_taken_from_what_can_be_read(tmp_path: Path) -> None:
    record = tmp_path / RECORD
    record.parent.mkdir(parents=True)
    write_record(record, Record(code="K007"))

    phone = '[kiosk]\nsupport_phone = "400-123 4567"\n'
    whole = facts_of(table_of(configured(tmp_path / "whole", phone)), record)
    broken = facts_of(table_of(configured(tmp_path / "broken", "[kiosk")), record)
    odd = facts_of({"kiosk": {"support_phone": 5}}, tmp_path / "nothing")

    assert tuple(whole) == ("K007", "400-123 4567")
    assert tuple(broken) == ("K007", "")
    assert tuple(odd) == ("", "")
