"""
The product under a real systemd: hangs, stops, a read-only root, a journal that is gone.

One container is booted for all of it; each test finds an idle kiosk and leaves one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.service.container import Container
from tests.service.real_kiosk import RealKiosk, lay_out_product


BACK_S: Final = 15.0
"""From the hang until another process is ready, and in the call where there was one."""
STOPPED_S: Final = 5.0
AFTER: Final = {"idle": "IDLE", "in_call": "IN_CALL"}
LOGGER: Final = "usr/lib/kiosk-fault/log_much.py"
_LOG_MUCH: Final = """
import json, logging, resource, time
from kiosk.journal.set_up import set_up_log
def waits():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
set_up_log("info", "text", "log-much")
log, worst, waited = logging.getLogger("much"), 0.0, 0
for number in range(5_000):
    before, began = waits(), time.perf_counter()
    log.info("line %d, %s", number, "x" * 200)
    took = time.perf_counter() - began
    worst = max(worst, took)
    # others may take the processor from it for longer: that is no waiting of its own
    waited += took > 0.010 and waits() > before
print(json.dumps({"worst": worst, "waited": waited}))
"""
_LOGGER_UNIT: Final = f"""[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -P /{LOGGER}
StandardOutput=file:/run/log-much.json
StandardError=journal
"""


pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def real(tree: Path) -> Iterator[RealKiosk]:
    lay_out_product(tree)
    (tree / LOGGER).write_text(_LOG_MUCH)
    (tree / "etc/systemd/system/log-much.service").write_text(_LOGGER_UNIT)
    with Container(tree) as container:
        container.start()
        kiosk = RealKiosk(container)
        kiosk.wait_for("IDLE", 120.0)
        yield kiosk


@pytest.fixture
def kiosk(real: RealKiosk) -> Iterator[RealKiosk]:
    real.container.forget()
    real.container.run("systemctl", "start", "room", "agent", "kiosk")
    real.wait_for("IDLE")
    yield real
    for unit in ("room", "agent", "systemd-journald"):
        real.container.run("systemctl", "kill", "--signal=SIGCONT", unit)


@pytest.mark.parametrize("state", ["idle", "in_call"])
def test_a_kiosk_that_hangs_with_the_gil_held_is_back_and_tells_where_it_hung(
    kiosk: RealKiosk, figures: dict[str, object], state: str
) -> None:
    if state == "in_call":
        kiosk.call()
    before, pid, hung = kiosk.journal(), kiosk.pid, time.monotonic()
    kiosk.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGUSR1", "kiosk")
    kiosk.container.wait_until(
        lambda: kiosk.entered(AFTER[state], hung) is not None,
        f"{AFTER[state]} again",
        60.0,
    )
    back, said = kiosk.entered(AFTER[state], hung), kiosk.journal().removeprefix(before)

    assert back is not None
    figures[f"hang_in_{state}_back_s"] = round(back - hung, 1)
    assert kiosk.pid not in {0, pid}
    assert "Fatal Python error: Aborted" in said
    assert "in _hang" in said
    assert "Watchdog timeout" in kiosk.run("journalctl", "-b", "-o", "cat")
    assert back - hung <= BACK_S
    kiosk.run("kiosk", "hangup")


@pytest.mark.parametrize(
    "state", ["idle", "reserving", "waiting", "answered", "in_call", "ended"]
)
def test_a_stop_ends_it_in_time_from_every_state(
    kiosk: RealKiosk, figures: dict[str, object], state: str
) -> None:
    bring_to(kiosk, state)
    began = time.monotonic()
    kiosk.run("systemctl", "stop", "kiosk")
    took = time.monotonic() - began
    result = kiosk.run("systemctl", "show", "kiosk", "--property=Result")

    figures[f"stop_in_{state}_s"] = round(took, 1)
    assert result == "Result=success\n"
    assert took <= STOPPED_S


def bring_to(kiosk: RealKiosk, state: str) -> None:
    kiosk.agent_waits()
    if state == "idle":
        return
    if state in {"in_call", "ended"}:
        kiosk.call()
        if state == "ended":
            kiosk.run("kiosk", "hangup", "--socket", "/run/agent.sock")
            kiosk.wait_for("ENDED")
        return
    if state == "waiting":
        kiosk.run("systemctl", "stop", "agent")
    elif state == "answered":
        kiosk.run("systemctl", "kill", "--signal=SIGSTOP", "agent")
    else:
        kiosk.run("systemctl", "kill", "--signal=SIGSTOP", "room")
    kiosk.run("kiosk", "call")
    kiosk.wait_for(state.upper())


def test_on_a_root_that_is_read_only_calls_are_made_and_a_restart_is_survived(
    kiosk: RealKiosk,
) -> None:
    with Container(kiosk.container.tree, "--read-only") as container:
        again = RealKiosk(container)
        kiosk.container.stop()
        container.start()
        try:
            again.call()
            again.run("kiosk", "hangup")
            again.run("systemctl", "restart", "kiosk")
            again.call()
            again.run("kiosk", "hangup")
            again.wait_for("IDLE")
        finally:
            container.stop()
            kiosk.container.start()
            kiosk.wait_for("IDLE", 120.0)


def logged(kiosk: RealKiosk) -> dict[str, float]:
    """Log five thousand lines in a service; what that took."""
    kiosk.run("systemctl", "start", "log-much.service")
    found: dict[str, float] = json.loads(kiosk.run("cat", "/run/log-much.json"))
    return found


def test_a_journal_that_reads_nothing_holds_nobody_up(
    kiosk: RealKiosk, figures: dict[str, object]
) -> None:
    kiosk.run("systemctl", "kill", "--signal=SIGSTOP", "systemd-journald")
    stopped = logged(kiosk)
    kiosk.call()
    kiosk.run("kiosk", "hangup")
    kiosk.wait_for("IDLE")

    figures["log_call_worst_ms_journal_stopped"] = round(stopped["worst"] * 1000, 1)
    assert stopped["waited"] == 0


def test_a_journal_that_is_gone_holds_nobody_up(
    kiosk: RealKiosk, figures: dict[str, object]
) -> None:
    kiosk.run("mv", "/run/systemd/journal/socket", "/run/systemd/journal/gone")
    try:
        gone = logged(kiosk)
        kiosk.call()
        kiosk.run("kiosk", "hangup")
        kiosk.wait_for("IDLE")
    finally:
        kiosk.run("mv", "/run/systemd/journal/gone", "/run/systemd/journal/socket")

    figures["log_call_worst_ms_journal_gone"] = round(gone["worst"] * 1000, 1)
    assert gone["waited"] == 0
