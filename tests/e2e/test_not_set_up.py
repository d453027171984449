"""One configuration of each class of mistakes: the kiosk stays up and says it there."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.display.first_pictures import FirstPicture
from tests.e2e.test_first_pixels import Bench
from tests.fakes.supervisor import Supervisor


pytestmark = pytest.mark.e2e

READABLE = {
    "wrong type": (
        "[call]\nconsent = 1\n[room]",
        "[call] consent: must be true or false",
    ),
    "out of range": (
        "[camera]\npicture_rate = 61\n[room]",
        "picture_rate: must be at most",
    ),
    "misspelt key": ("[call]\nconsnt = true\n[room]", "did you mean [call] consent?"),
    "misspelt section": (
        "[cal]\n[room]",
        "[cal]: unknown section; did you mean [call]?",
    ),
    "a secret": (
        '[room]\nenrolment_key = "a1"',
        "is a secret, and secrets stand in no",
    ),
    "a rule": (
        "[microphone]\nlevel = 5\n[room]",
        "[microphone] level: needs [microphone]",
    ),
}
"""What is put in the place of ``[room]``, and what the kiosk then says is wrong."""

WHOLE = b'config_version = 1\n[room]\nserver = "https://rooms.example"\n'
NEWER = WHOLE.replace(b"1", b"2", 1) + b'[display]\ndevice = "drm"\n'
UNREADABLE = {
    "twice": (WHOLE + b"[room]\n", "[room] stands here a second time, first in line 2"),
    "half a file": (WHOLE[:40], "is the file cut off? Copy it again"),
    "no quotes": (WHOLE.replace(b'"', b""), "has a text without quotes around it"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "is UTF-16; save it as UTF-8"),
    "Latin-1": (WHOLE + b"# Z\xfcrich\n", "is not UTF-8 (byte 0xfc)"),
    "byte order mark": (b"\xef\xbb\xbf" + WHOLE, "begins with a byte order mark"),
    "NUL": (WHOLE + b"\0" * 64, "holds bytes that are no text"),
    "a newer version": (NEWER, "config_version: is 2, and this program reads"),
}
"""A whole file, and what the kiosk says is wrong with it."""


@pytest.fixture
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-wrong-"))
    try:
        with Supervisor(folder) as supervisor:
            yield Bench(folder, supervisor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(bench: Bench) -> None:
    """Start the kiosk; where its socket is may not be read from its file."""
    bench.supervisor.start(
        *("-m", "tests.fakes.kiosk_with_card", str(bench.folder)),
        *("run", "--config", str(bench.config)),
        *("--set", f"control.socket={bench.socket}"),
        MARK="",
    )


@pytest.mark.parametrize("mistake", READABLE)
def test_a_mistake_in_a_file_is_on_the_screen_with_its_line(
    bench: Bench, mistake: str
) -> None:
    instead, said = READABLE[mistake]
    bench.configure()
    right = bench.config.read_text("utf-8")
    bench.config.write_text(right.replace("[room]", instead), "utf-8")

    start(bench)
    bench.until_status(lambda now: now["state"] == "UNCONFIGURED", "not set up")
    bench.until_status(lambda now: said in now["reason"], "what is wrong")
    bench.until_ready()

    assert bench.supervisor.stop() == 0


@pytest.mark.parametrize("mistake", UNREADABLE)
def test_a_file_that_cannot_be_used_at_all_lights_the_card_that_is_there(
    bench: Bench, mistake: str
) -> None:
    content, said = UNREADABLE[mistake]
    bench.config.write_bytes(content)

    start(bench)
    bench.until_status(lambda now: now["state"] == "UNCONFIGURED", "not set up")
    bench.until_status(lambda now: said in now["reason"], "what is wrong")
    bench.until_ready()
    bench.until(lambda: bool(bench.glass.planes), "lit")
    bench.until(lambda: not bench.shows(FirstPicture.STARTING), "drawn")

    told = bench.supervisor.log
    assert re.search(
        rf"{re.escape(str(bench.config))}:[0-9]+: .*{re.escape(said)}", told
    )
    assert "Traceback" not in told
    assert not bench.shows(FirstPicture.OUT_OF_SERVICE)
    assert bench.supervisor.stop() == os.EX_OK
