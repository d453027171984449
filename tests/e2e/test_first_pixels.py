"""
The display from power-on to crash: real processes, a card that outlives them, and
whoever supervises them by systemd's own protocol.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.control.client import ControlClient
from kiosk.display.first_pictures import FirstPicture, first_page
from kiosk.display.uapi_numbers import Fourcc
from kiosk.errors import ControlError
from tests.fakes.branch import Branch
from tests.fakes.card_glass import Glass
from tests.fakes.kept_kernel import UNPLUGGED
from tests.fakes.supervisor import Supervisor


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="needs root: an event is made in /sys"
    ),
]

SIZE = (1280, 720)
NULL_DEVICE = Path("/sys/devices/virtual/mem/null/uevent")


class Bench:
    """A card, a supervisor and a configuration in a folder."""

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        self.folder = folder
        self.supervisor = supervisor
        self.config = folder / "kiosk.toml"
        self.socket = folder / "control.sock"
        self.glass = Glass(folder)
        self._mark = str(uuid.uuid4())

    def configure(self, display: str = "", server: str = "http://127.0.0.1:9") -> None:
        self.config.write_text(
            f'[room]\nserver = "{server}"\n'
            f'[display]\ndevice = "drm"\nmode = "1280x720@60"\n{display}\n'
            f'[control]\nsocket = "{self.socket}"\n',
            "utf-8",
        )

    def start(self, **environment: str) -> None:
        self.supervisor.start(
            *("-m", "tests.fakes.kiosk_with_card", str(self.folder)),
            *("run", "--config", str(self.config)),
            MARK=self._mark,
            **environment,
        )

    def shows(self, picture: FirstPicture) -> bool:
        return self.glass.shows(first_page(picture, SIZE))

    def shows_people(self) -> bool:
        """Whether the agent's picture and the customer's own are on the glass."""
        pictures = [p for p in self.glass.planes if p.fourcc is Fourcc.YU12]
        return len(pictures) == 2

    def until(self, is_true: Callable[[], bool], what: str) -> None:
        self.supervisor.wait_for(is_true, what)

    def until_ready(self) -> None:
        self.until(lambda: "READY=1" in self.supervisor.heard, "ready")

    def until_status(
        self, is_true: Callable[[dict[str, Any]], bool], what: str
    ) -> None:
        def asked() -> bool:
            try:
                return is_true(ControlClient(self.socket).status())
            except ControlError:
                return False

        self.until(asked, what)

    def plug(self, *, there: bool) -> None:
        """Put the cable in or out, of which the kernel tells."""
        path = self.folder / UNPLUGGED
        if there:
            path.unlink(missing_ok=True)
        else:
            path.touch()
        NULL_DEVICE.write_text(f"change {self._mark}")


@pytest.fixture
def bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-card-"))
    try:
        with Supervisor(folder) as supervisor:
            yield Bench(folder, supervisor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def branch() -> Iterator[Branch]:
    with Branch() as branch:
        branch.start_server()
        yield branch


def test_the_first_picture_stands_and_then_the_screens_are_drawn(bench: Bench) -> None:
    bench.configure()
    bench.start()
    bench.until(lambda: bench.shows(FirstPicture.STARTING), "one moment")
    bench.until_ready()

    bench.until(lambda: not bench.shows(FirstPicture.STARTING), "a drawn screen")

    assert bench.supervisor.stop() == 0
    assert not bench.glass.planes


@pytest.mark.parametrize("missing", ["pydantic", "av numpy", "httpx"])
def test_a_kiosk_that_cannot_even_start_sends_people_elsewhere(
    missing: str, bench: Bench
) -> None:
    bench.configure()
    bench.start(WITHOUT=missing)

    bench.supervisor.wait_for_end()

    assert bench.shows(FirstPicture.OUT_OF_SERVICE)


def test_a_kiosk_that_cannot_draw_stays_up_and_sends_people_elsewhere(
    bench: Bench,
) -> None:
    bench.configure()
    bench.start(WITHOUT="PIL")
    bench.until_ready()

    bench.until(lambda: bench.shows(FirstPicture.OUT_OF_SERVICE), "out of service")

    assert bench.supervisor.is_running


@pytest.mark.parametrize("config", ["[display\ndevice", '[room]\nserver = "ftp://x"\n'])
def test_a_kiosk_with_a_broken_configuration_takes_the_card_it_finds(
    config: str, bench: Bench
) -> None:
    bench.configure()
    if config.startswith("[display"):
        config += "\n"
    else:
        config += bench.config.read_text("utf-8").partition("\n")[2].partition("\n")[2]
    bench.config.write_text(config, "utf-8")
    bench.start()
    bench.until(lambda: bool(bench.glass.planes), "lit")

    bench.until(lambda: not bench.shows(FirstPicture.STARTING), "not set up")

    assert bench.supervisor.is_running


def test_after_a_crash_the_successor_covers_what_was_shown_before_all_else(
    bench: Bench,
) -> None:
    bench.configure()
    bench.start()
    bench.until_ready()
    bench.until(lambda: not bench.shows(FirstPicture.STARTING), "a drawn screen")
    bench.until(lambda: "drm" in bench.supervisor.store, "kept")
    face = bench.glass.planes
    card = os.fstat(bench.supervisor.store["drm"])

    bench.supervisor.kill()

    assert bench.glass.planes == face  # nothing flashes: the card is lit by its store
    # nothing but the standard library is there to cover it with
    bench.start(WITHOUT="pydantic PIL numpy av httpx")
    bench.supervisor.wait_for_end()
    assert bench.shows(FirstPicture.OUT_OF_SERVICE)
    assert bench.glass.framebuffers <= 2
    assert os.path.samestat(os.fstat(bench.supervisor.store["drm"]), card)


def test_a_successor_that_is_to_use_no_card_does_not_leave_the_old_picture_lit(
    bench: Bench,
) -> None:
    bench.configure()
    bench.start()
    bench.until(lambda: "drm" in bench.supervisor.store, "kept")
    bench.supervisor.kill()
    text = bench.config.read_text("utf-8")
    bench.config.write_text(text.replace('device = "drm"', 'device = "headless"'))

    bench.start()

    bench.until(lambda: "drm" not in bench.supervisor.store, "kept no longer")


def test_a_successor_goes_on_where_a_killed_kiosk_was(bench: Bench) -> None:
    bench.configure()
    bench.start()
    bench.until_ready()
    bench.until(lambda: "drm" in bench.supervisor.store, "kept")
    bench.supervisor.kill()

    bench.start()

    bench.until(lambda: bench.shows(FirstPicture.STARTING), "one moment")
    bench.until_ready()
    bench.until(lambda: not bench.shows(FirstPicture.STARTING), "a drawn screen")
    assert "FDSTORE=1 FDNAME=drm" not in bench.supervisor.heard  # it is there still


def test_an_idle_kiosk_that_is_unplugged_is_out_of_service_until_it_is_back(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(lambda now: now["state"] == "IDLE", "idle")

    bench.plug(there=False)
    bench.until_status(
        lambda now: now["reason"] == "D003 no display is connected to HDMI-A-1",
        "out of service for want of a display",
    )
    bench.plug(there=True)

    bench.until_status(lambda now: now["state"] == "IDLE", "idle again")
    bench.until_status(
        lambda now: now["display"]["lit"] == "HDMI-A-1 1280x720@60", "lit again"
    )
    bench.until(lambda: len(bench.glass.planes) == 1, "drawn again")


def test_without_any_display_the_kiosk_is_up_and_says_what_is_wrong(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server=branch.server_url)
    (bench.folder / UNPLUGGED).touch()
    bench.start()
    bench.until_ready()

    bench.until_status(lambda now: now["reason"].startswith("D003"), "D003")
    bench.plug(there=True)

    bench.until_status(lambda now: now["state"] == "IDLE", "idle")
    bench.until(lambda: len(bench.glass.planes) == 1, "lit")


def test_a_call_goes_on_without_a_display_and_no_face_outlives_a_crash(
    bench: Bench, branch: Branch
) -> None:
    branch.start_agent().wait_for("WAITING")
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(lambda now: now["state"] == "IDLE", "idle")
    ControlClient(bench.socket).press("call")
    bench.until_status(lambda now: now["state"] == "IN_CALL", "in call")
    bench.until(bench.shows_people, "people")

    bench.plug(there=False)
    bench.until_status(lambda now: now["display"]["missing"] != "", "missing")
    assert ControlClient(bench.socket).status()["state"] == "IN_CALL"
    bench.plug(there=True)
    bench.until(bench.shows_people, "people again")

    bench.supervisor.kill()
    assert bench.shows_people()  # they are on the glass still
    bench.start(WITHOUT="pydantic PIL numpy av httpx")
    bench.supervisor.wait_for_end()
    assert bench.shows(FirstPicture.OUT_OF_SERVICE)
    assert bench.glass.framebuffers <= 2
