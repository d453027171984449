"""
The configuration read anew while the kiosk runs: a real process, a card whose every
commit is written down, and a supervisor who sends SIGHUP as systemd does.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.control.client import ControlClient
from tests.e2e.test_first_pixels import Bench
from tests.fakes.branch import Branch, wait_until
from tests.fakes.supervisor import Supervisor


pytestmark = pytest.mark.e2e


@contextmanager
def opened_bench() -> Iterator[Bench]:
    folder = Path(tempfile.mkdtemp(prefix="kiosk-reload-"))
    try:
        with Supervisor(folder) as supervisor:
            yield Bench(folder, supervisor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened_bench() as bench:
        yield bench


@pytest.fixture
def branch() -> Iterator[Branch]:
    with Branch() as branch:
        branch.start_server()
        yield branch


def add(bench: Bench, section: str) -> None:
    """Add a section to the configuration that is there."""
    bench.config.write_text(f"{bench.config.read_text('utf-8')}{section}\n", "utf-8")


def status(bench: Bench) -> dict[str, Any]:
    return ControlClient(bench.socket).status()


def is_in(state: str) -> Any:
    return lambda now: now["state"] == state


def reload(bench: Bench) -> None:
    bench.supervisor.reload()
    bench.until(lambda: bench.supervisor.has_reloaded, "reloaded")


def test_a_kiosk_that_was_not_set_up_is_so_after_a_reload_alone(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server="ftp://nowhere")
    bench.start()
    bench.until_status(is_in("UNCONFIGURED"), "not set up")
    bench.until_ready()

    bench.configure(server=branch.server_url)
    reload(bench)

    bench.until_status(is_in("IDLE"), "idle")
    assert "STOPPING=1" not in bench.supervisor.heard
    assert all(len(lit) == 1 for lit in bench.glass.commits)
    assert bench.supervisor.stop() == 0
    assert not bench.glass.planes


def test_a_kiosk_that_is_still_not_set_up_says_what_is_wrong_now(bench: Bench) -> None:
    bench.configure(server="ftp://nowhere")
    bench.start()
    bench.until_status(lambda now: "must begin" in now["reason"], "told")
    bench.until_ready()

    bench.configure()
    add(bench, "[speaker]\nvolume_dbs = 1")
    reload(bench)

    bench.until_status(lambda now: "volume_dbs" in now["reason"], "told anew")
    assert status(bench)["state"] == "UNCONFIGURED"


def test_a_wrong_configuration_is_refused_aloud_and_the_old_one_goes_on(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")
    commits = len(bench.glass.commits)

    add(bench, "[speaker]\nvolume_db = 'loud'")
    reload(bench)

    assert status(bench)["state"] == "IDLE"
    (told,) = [one for one in bench.supervisor.states if "refused" in one]
    assert f"{bench.config}:" in told
    assert "volume_db" in told
    assert "configuration refused, the old one goes on" in bench.supervisor.log
    (fault,) = status(bench)["faults"]
    assert fault["fault"] == "configuration"
    assert len(bench.glass.commits) - commits < 3  # the same screen, as every second

    bench.configure(server=branch.server_url)
    reload(bench)

    now = status(bench)
    assert (now["state"], now["faults"]) == ("IDLE", [])
    assert bench.supervisor.states[-1] == "idle"
    assert "configuration applied" not in bench.supervisor.log, "nothing is shown anew"


def test_what_a_refused_configuration_named_is_read_anew_when_that_is_taken_back(
    bench: Bench, branch: Branch
) -> None:
    logo = bench.config.with_name("logo.png")
    Image.new("RGB", (60, 40), "navy").save(logo)
    named = f'[branding]\nlogo = "{logo}"'
    bench.configure(server=branch.server_url)
    add(bench, named)
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")

    Image.new("RGB", (40, 60), "navy").save(logo)
    add(bench, "[speaker]\nvolume_db = 'loud'")
    reload(bench)
    bench.configure(server=branch.server_url)
    add(bench, named)
    reload(bench)

    bench.until_status(is_in("IDLE"), "idle")
    assert "configuration applied" in bench.supervisor.log


def until_drawn(bench: Bench) -> None:
    """Wait until nothing was drawn for two seconds."""
    drawn, since = -1, 0.0

    def is_quiet() -> bool:
        nonlocal drawn, since
        if len(bench.glass.commits) != drawn:
            drawn, since = len(bench.glass.commits), time.monotonic()
        return time.monotonic() - since > 2.0

    bench.until(is_quiet, "drawn")


Pictures = list[tuple[str, ...]]


def shown_around_a_reload(bench: Bench) -> tuple[Pictures, Pictures]:
    """Return what was shown by a start, and by a reload after it."""
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")
    until_drawn(bench)
    before = len(bench.glass.commits)
    add(bench, "")
    reload(bench)
    bench.until_status(is_in("IDLE"), "idle")
    until_drawn(bench)
    return bench.glass.commits[:before], bench.glass.commits[before:]


@pytest.mark.timeout(300)
def test_a_reload_shows_nothing_but_screens_that_are_true(branch: Branch) -> None:
    at_start, after = Pictures(), Pictures()
    for _ in range(3):
        # All screens have a clock: those of another minute are others.
        wait_until(lambda: datetime.now(UTC).second < 15, "early in a minute", 60.0)
        minute = datetime.now(UTC).minute
        with opened_bench() as bench:
            bench.configure(server=branch.server_url)
            at_start, after = shown_around_a_reload(bench)
        if datetime.now(UTC).minute == minute:
            break

    assert after
    assert all(len(lit) == 1 for lit in after)
    assert set(after) <= set(at_start), "only one moment and idle, as at the start"


def test_in_a_call_the_reload_waits_for_its_end_and_nobody_notices(
    bench: Bench, branch: Branch
) -> None:
    branch.start_agent().wait_for("WAITING")
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")
    ControlClient(bench.socket).press("call")
    bench.until_status(is_in("IN_CALL"), "in call")
    bench.until(bench.shows_people, "people")
    volume = status(bench)["volume_db"]

    add(bench, f"[speaker]\nvolume_db = {volume - 6}\n[call]\nended_s = 0.2")
    reload(bench)

    assert bench.supervisor.states[-1] == "the new configuration applies after the call"
    assert status(bench)["state"] == "IN_CALL"
    assert status(bench)["volume_db"] == volume
    bench.supervisor.heard.clear()
    ControlClient(bench.socket).press("hangup")
    bench.until(lambda: bench.supervisor.has_reloaded, "applied")
    bench.until_status(is_in("IDLE"), "idle")
    assert status(bench)["volume_db"] == volume - 6


def test_a_press_while_the_configuration_is_read_begins_a_call(
    bench: Bench, branch: Branch
) -> None:
    branch.start_agent().wait_for("WAITING")
    bench.configure(server=branch.server_url)
    add(bench, '[buttons]\ndevice = "keyboard"\n[call]\nended_s = 0.2')
    ours, its = os.openpty()
    try:
        bench.supervisor.stdin = its
        bench.start()
        bench.until_status(is_in("IDLE"), "idle")
        for _ in range(3):
            bench.supervisor.reload()
            bench.until(lambda: bool(bench.supervisor.heard), "reloading")
            os.write(ours, b"c")
            bench.until_status(is_in("IN_CALL"), "in call")
            os.write(ours, b"h")
            bench.until_status(is_in("IDLE"), "idle")
    finally:
        os.close(ours)
        os.close(its)


@pytest.mark.timeout(240)
def test_a_press_by_the_socket_at_any_moment_of_a_reload_begins_a_call(
    bench: Bench, branch: Branch
) -> None:
    branch.start_agent().wait_for("WAITING", 60.0)
    bench.configure(server=branch.server_url)
    add(bench, "[call]\nended_s = 0.2")
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")
    control = ControlClient(bench.socket, timeout_s=30.0)
    for pause_s in (0.0, 0.2, 0.4, 0.7):
        bench.supervisor.reload()
        bench.until(lambda: bool(bench.supervisor.heard), "reloading")
        time.sleep(pause_s)
        control.press("call")
        bench.until_status(is_in("IN_CALL"), f"in call, pressed after {pause_s} s")
        control.press("hangup")
        bench.until_status(is_in("IDLE"), "idle")
        bench.until(lambda: bench.supervisor.has_reloaded, "applied")


def test_who_asks_for_the_status_while_the_configuration_is_read_is_answered(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")

    bench.supervisor.reload()
    until = time.monotonic() + 3.0
    while time.monotonic() < until:
        assert status(bench)["screen"] in {"starting", "idle"}
    bench.until(lambda: bench.supervisor.has_reloaded, "reloaded")


def test_another_rotation_is_on_the_glass_after_a_reload(
    bench: Bench, branch: Branch
) -> None:
    bench.configure(server=branch.server_url)
    bench.start()
    bench.until_status(is_in("IDLE"), "idle")
    before = len(bench.glass.commits)
    card = os.fstat(bench.supervisor.store["drm"])

    bench.configure(display="rotation = 180", server=branch.server_url)
    reload(bench)

    bench.until_status(is_in("IDLE"), "idle")
    assert all(len(lit) == 1 for lit in bench.glass.commits[before:])
    assert os.path.samestat(os.fstat(bench.supervisor.store["drm"]), card)
    assert bench.glass.framebuffers <= 2


def test_the_time_zone_of_a_reload_opens_and_closes_the_branch(
    bench: Bench, branch: Branch
) -> None:
    """Open from midnight to noon: where it is six in the morning, not at six at night."""
    week = "".join(
        f'{day} = "00:00-12:00"\n'
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )
    bench.configure(server=branch.server_url)
    add(bench, f'[hours]\n{week}[kiosk]\ntime_zone = "{zone_where_it_is(6)}"')
    bench.start()
    bench.until_status(is_in("IDLE"), "open")
    bench.until_ready()

    bench.configure(server=branch.server_url)
    add(bench, f'[hours]\n{week}[kiosk]\ntime_zone = "{zone_where_it_is(18)}"')
    reload(bench)

    bench.until_status(is_in("CLOSED"), "closed")


def zone_where_it_is(hour: int) -> str:
    """Return a zone by its distance from Greenwich; IANA counts them westwards."""
    ahead = (hour - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"
