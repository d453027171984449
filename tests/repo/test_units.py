"""The units agree with each other, with the package and with the programs they start."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from kiosk.app.ladder import RECORD, RETRIES, SAFE_SCREEN, UNIT
from tests.repo.test_package import DEBIAN, settings


SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = sorted(
    path
    for path in SYSTEMD.iterdir()
    if path.suffix in {".service", ".socket", ".timer", ".path"}
)
SETTLED_BY_DEBHELPER = {
    "kiosk.service",
    "kiosk.sysusers",
    "kiosk.tmpfiles",
    "kiosk.udev",
}


def unit(name: str) -> dict[str, list[str]]:
    return settings(SYSTEMD / name)


def words(name: str, key: str) -> list[str]:
    return " ".join(unit(name).get(key, [])).split()


def shipped() -> set[str]:
    text = (DEBIAN / "kiosk.install").read_text(encoding="utf-8")
    return {line.split()[0] for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize(
    "path", sorted(SYSTEMD.iterdir()), ids=lambda path: str(path.name)
)
def test_every_file_is_in_the_package(path: Path) -> None:
    rules = (DEBIAN / "rules").read_text(encoding="utf-8")
    assert (
        "$(wildcard $(addprefix systemd/*.,service socket timer path target))" in rules
    )

    if path not in UNITS and path.name not in SETTLED_BY_DEBHELPER:
        assert f"systemd/{path.name}" in shipped()


@pytest.mark.parametrize("path", UNITS, ids=lambda path: str(path.name))
def test_a_module_that_a_unit_runs_is_there_and_needs_no_path(path: Path) -> None:
    for line in settings(path).get("ExecStart", []):
        if "python3" in line:
            program, flag, *_ = words = shlex.split(line)
            assert program == "/usr/bin/python3"
            assert flag in {"-I", "-P"}, "nothing is imported from where it runs"
            module = words[words.index("-m") + 1]
            assert importlib.util.find_spec(module) is not None


def test_a_failure_is_looked_at_by_the_ladder_before_the_restart() -> None:
    (line,) = unit(UNIT)["ExecStopPost"]

    assert line.startswith("-+"), "as root, and its own failure is none of the kiosk's"
    assert 'test "$$SERVICE_RESULT" = success ||' in line
    assert "systemctl start kiosk-ladder.service" in line
    assert "OnFailure" not in unit(UNIT), "257 runs it at every failure"


def test_safe_screen_and_kiosk_end_each_other_and_the_page_lets_go_first() -> None:
    assert UNIT in words(SAFE_SCREEN, "Conflicts")
    assert UNIT in words(SAFE_SCREEN, "Before")
    assert unit(SAFE_SCREEN)["FileDescriptorStorePreserve"] == ["yes"]
    assert unit(SAFE_SCREEN)["Restart"] == ["always"]


def test_whatever_rung_the_ladder_takes_the_kiosk_is_started_again() -> None:
    waits = []
    for timer in RETRIES.values():
        assert unit(timer)["Unit"] == [UNIT]
        waits += unit(timer)["OnActiveSec"]

    assert waits == ["10s", "60s"]


def test_the_ladders_memory_is_where_only_root_writes() -> None:
    for name in ("kiosk-ladder.service", "kiosk-ladder-count.service"):
        assert unit(name)["StateDirectory"] == [RECORD.parent.name]
        assert "User" not in unit(name)
        assert unit(name)["CapabilityBoundingSet"] == [""]


def test_no_watched_service_gives_up() -> None:
    for path in UNITS:
        if "WatchdogSec" in settings(path):
            assert settings(path)["StartLimitIntervalSec"] == ["0"]
            assert settings(path)["Restart"] == ["always"]


def test_what_holds_secrets_leaves_no_image_of_its_memory_behind() -> None:
    given = [path for path in UNITS if "ImportCredential" in settings(path)]

    assert {path.name for path in given} == {"kiosk.service", "kiosk-server.service"}
    assert all(settings(path)["LimitCORE"] == ["0"] for path in given)


def test_the_room_server_is_another_user_with_ports_and_secrets_of_its_own() -> None:
    server = unit("kiosk-server.service")
    users = (SYSTEMD / "kiosk.sysusers").read_text(encoding="utf-8")

    assert "u! kiosk-server " in users
    assert server["User"] == ["kiosk-server"]
    assert server["ImportCredential"] == ["kiosk-server.*"]
    assert server["StateDirectory"] == ["kiosk-server"]
    sockets = words("kiosk-server.service", "Sockets")
    assert [unit(name)["FileDescriptorName"] for name in sockets] == [
        ["http"],
        ["rtmp"],
    ]
    assert {unit(name)["Service"][0] for name in sockets} == {"kiosk-server.service"}


def test_what_is_started_by_others_is_not_enabled() -> None:
    preset = (SYSTEMD / "60-kiosk.preset").read_text(encoding="utf-8")
    enabled = set(re.findall(r"^enable (\S+)$", preset, re.MULTILINE))

    assert {UNIT, "kiosk-ladder-count.timer"} <= enabled
    assert not enabled & {SAFE_SCREEN, *RETRIES.values()}
    assert not [name for name in enabled if "server" in name]


def test_a_board_takes_the_watchdogs_time() -> None:
    watchdog = settings(SYSTEMD / "45-kiosk-watchdog.conf")

    (told,) = watchdog["RuntimeWatchdogSec"]
    assert int(told.removesuffix("s")) <= 15, "what the bcm2835's counter can hold"
