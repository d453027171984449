"""An update from a web server over TLS, on a line that breaks, by a process that dies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from kiosk.app.updating import fetch_by
from kiosk.config.network_section import NetworkSection
from kiosk.update.record import Records, Stage
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.own_thread import on_its_own_thread
from tests.fakes.web_server import (
    Answer,
    Asked,
    WebServer,
    cut_off,
    serving,
    whole,
)
from tests.update.artefacts import SIGNER, update
from tests.update.checking import check
from tests.update.machines import GrubPc, system_of
from tests.update.updating import trust


TOP = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: Path) -> GrubPc:
    found = GrubPc(tmp_path / "machine")
    trust(found.root, SIGNER)
    return found


@pytest.fixture
def members(tmp_path: Path) -> list[bytes]:
    """Manifest, signature, payload; the last is more than any buffer holds."""
    images = {"boot": os.urandom(200_000), "system": os.urandom(200_000)}
    with tarfile.open(update(tmp_path, members=images)) as tar:
        files = [tar.extractfile(member) for member in tar]
        return [file.read() for file in files if file is not None]


def halting(content: bytes, after: int) -> Answer:
    """Promise the whole, and say nothing more after so much of it."""
    begin = cut_off(content, after)

    def answer(asked: Asked, talk: socket.socket) -> None:
        begin(asked, talk)
        time.sleep(5)

    return answer


def folder_of(server: WebServer) -> str:
    return server.url.rpartition("/")[0]


def test_a_line_that_breaks_off_costs_nothing_that_came(
    machine: GrubPc, members: list[bytes], tmp_path: Path
) -> None:
    manifest, signature, payload = members
    answers = [
        *(whole(manifest), whole(signature)),
        *(cut_off(payload, len(payload) // 2), whole(payload)),
    ]
    with serving(tmp_path, *answers) as server:
        told = check(machine.root, folder_of(server), server.ca, machine)
        asked = server.asked

    assert told == "version 1.4.0 is tried"
    assert asked[-1].headers["range"] == f"bytes={len(payload) // 2}-"
    assert machine.slots.running == "b"


def test_killed_while_it_fetches_the_old_system_boots_and_a_rerun_goes_on(
    machine: GrubPc, members: list[bytes], tmp_path: Path
) -> None:
    manifest, signature, payload = members
    before = system_of(machine.root, "a"), system_of(machine.root, "b")
    part = machine.root / "var/lib/kiosk-update/incoming/update.tar.zst.part"
    answers = [
        *(whole(manifest), whole(signature), halting(payload, 300_000)),
        *(whole(manifest), whole(signature), whole(payload)),
    ]
    with serving(tmp_path, *answers) as server:
        words = ["-m", "tests.update.checking", str(machine.root), folder_of(server)]
        dying = subprocess.Popen([sys.executable, *words, str(server.ca)], cwd=TOP)
        end = time.monotonic() + 40
        while time.monotonic() < end and not (part.exists() and part.stat().st_size):
            time.sleep(0.02)
        dying.kill()
        dying.wait(10)
        has_begun = part.exists()
        assert machine.cut_power() == "a"
        assert (system_of(machine.root, "a"), system_of(machine.root, "b")) == before

        told = check(machine.root, folder_of(server), server.ca, machine)
        asked = server.asked

    assert has_begun
    assert told == "version 1.4.0 is tried"
    assert asked[-1].headers.get("range", "").startswith("bytes=")
    assert Records(machine.root).read().stage is Stage.TRIAL
    assert machine.slots.running == "b"


def test_a_branch_fetches_through_its_proxy(tmp_path: Path) -> None:
    names = {"files.invalid": "127.0.0.1"}
    path = tmp_path / "manifest"
    with (
        serving(tmp_path, whole(b"signed"), host="files.invalid") as server,
        on_its_own_thread("proxy", lambda: connect_proxy(names)) as (_, proxy),
    ):
        way = f"http://127.0.0.1:{proxy.port}"
        fetch = fetch_by(NetworkSection(ca_file=str(server.ca), proxy=way))
        fetch(server.url, path, 1000)

    assert path.read_bytes() == b"signed"
    assert proxy.asked[0].startswith("CONNECT files.invalid:")
