"""What the doctor reads of a board: power, heat, memory, connectors, clock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kiosk.app.display import left_dark
from kiosk.app.doctor.check import Check, Verdict, exit_status, line_of, object_of
from kiosk.app.doctor.connectors import look_at_connectors
from kiosk.app.doctor.machine import look_at_machine
from kiosk.app.right_time import made_s
from kiosk.config.load import load_kiosk


THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI = "Raspberry Pi 4 Model B Rev 1.4"
NOW_S = made_s() + 86_400


def board(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def looked(root: Path, now_s: float = NOW_S, vcgencmd: str = "") -> dict[str, Check]:
    def run(argv: Sequence[str]) -> str:
        assert argv == ["vcgencmd", "get_throttled"]
        return vcgencmd

    return {check.what: check for check in look_at_machine(root, run, now_s)}


@pytest.mark.parametrize(
    ("flags", "verdict", "words"),
    [
        ("0", Verdict.GOOD, "never"),
        ("10000", Verdict.WARNING, "voltage was too low since boot"),
        ("50005", Verdict.FAILURE, "voltage too low now"),
        ("4", Verdict.FAILURE, "slowed down now"),
        ("80000", Verdict.WARNING, "slowed down since boot"),
    ],
)
def test_the_boards_flags_say_what_its_supply_does_and_did(
    tmp_path: Path, flags: str, verdict: Verdict, words: str
) -> None:
    from_kernel = looked(board(tmp_path, {THROTTLED: f"{flags}\n"}))["power"]
    (tmp_path / THROTTLED).unlink()
    from_firmware = looked(tmp_path, vcgencmd=f"throttled=0x{flags}\n")["power"]

    assert from_kernel == from_firmware
    assert from_kernel.verdict is verdict
    assert words in from_kernel.evidence
    assert bool(from_kernel.cure) is (verdict is not Verdict.GOOD)


def test_a_machine_that_tells_nothing_has_nothing_guessed(tmp_path: Path) -> None:
    found = looked(tmp_path)

    for what in ("power", "temperature", "memory"):
        assert found[what].verdict is Verdict.SKIPPED
    assert "no Raspberry Pi" in found["board"].evidence


@pytest.mark.parametrize(
    ("millidegrees", "verdict"),
    [("48312", Verdict.GOOD), ("78000", Verdict.WARNING), ("83000", Verdict.FAILURE)],
)
def test_a_hot_board_is_told(
    tmp_path: Path, millidegrees: str, verdict: Verdict
) -> None:
    files = {"sys/class/thermal/thermal_zone0/temp": f"{millidegrees}\n"}

    assert looked(board(tmp_path, files))["temperature"].verdict is verdict


def test_model_and_memory_of_the_display_are_read(tmp_path: Path) -> None:
    meminfo = "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\nCmaTotal: 65536 kB\nCmaFree: 1024 kB\n"
    files = {"proc/device-tree/model": f"{PI}\0", "proc/meminfo": meminfo}

    found = looked(board(tmp_path, files))

    assert found["board"].evidence.startswith(PI)
    assert found["memory"].evidence == "512 MB of 1024 free, CMA 1 MB of 67"


def test_a_clock_before_this_software_is_wrong_and_one_nobody_set_is_doubtful(
    tmp_path: Path,
) -> None:
    assert looked(tmp_path, made_s() - 86_400)["clock"].verdict is Verdict.FAILURE
    assert looked(tmp_path)["clock"].verdict is Verdict.WARNING
    board(tmp_path, {"run/systemd/timesync/synchronized": ""})
    assert looked(tmp_path)["clock"].verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("status", "wanted", "verdict"),
    [
        ("connected", True, Verdict.GOOD),
        ("disconnected", True, Verdict.FAILURE),
        ("disconnected", False, Verdict.GOOD),
    ],
)
def test_connectors_are_told_with_what_the_boot_asked_for(
    tmp_path: Path, status: str, wanted: bool, verdict: Verdict
) -> None:
    card = "sys/class/drm/card1-HDMI-A-1"
    files = {
        f"{card}/status": f"{status}\n",
        f"{card}/modes": "1920x1080\n1280x720\n",
        f"{card}/enabled": "enabled\n",
        "proc/cmdline": "quiet video=HDMI-A-1:1280x720@60D root=/dev/x",
    }

    (check,) = look_at_connectors(board(tmp_path, files), is_wanted=wanted)

    assert check.verdict is verdict
    told = f"HDMI-A-1 {status} 1920x1080 lit, video=HDMI-A-1:1280x720@60D"
    assert check.evidence == told


def test_a_display_that_nobody_configured_is_a_warning(tmp_path: Path) -> None:
    root = board(tmp_path, {"sys/class/drm/card1-HDMI-A-1/status": "connected\n"})
    own = tmp_path / "kiosk.toml"
    own.write_text('[room]\nserver = "https://rooms.example.org"\n', "utf-8")
    config = load_kiosk(own).config

    dark = left_dark(config, root)
    (check,) = look_at_connectors(root, is_wanted=False, dark=dark)

    assert check.verdict is Verdict.WARNING
    assert "HDMI-A-1 stays dark" in check.cure


@pytest.mark.parametrize(
    ("device", "status"),
    [("headless", "disconnected"), ("simulator", "connected"), ("drm", "connected")],
)
def test_no_display_is_missed_that_is_not_there_or_shows_something(
    tmp_path: Path, device: str, status: str
) -> None:
    root = board(tmp_path, {"sys/class/drm/card1-HDMI-A-1/status": f"{status}\n"})
    own = tmp_path / "kiosk.toml"
    text = f'[room]\nserver = "https://rooms.example.org"\n[display]\ndevice = "{device}"\n'
    own.write_text(text, "utf-8")

    assert not left_dark(load_kiosk(own).config, root)


def test_the_exit_status_is_that_of_the_worst() -> None:
    checks = [Check("a", verdict, "") for verdict in Verdict]

    assert exit_status(checks) == 2
    assert exit_status(checks[:3]) == 1
    assert exit_status(checks[:2]) == 0
    assert exit_status([]) == 0


def test_no_secret_is_in_a_line_or_an_object() -> None:
    evidence = "rtmp://relay/live/a?txSecret=0123456789abcdef refused\nsecond line"
    check = Check("stream", Verdict.FAILURE, evidence, "token=abcdef0123456789")

    told = f"{line_of(check)} {object_of(check)}"

    assert "0123456789" not in told
    assert "\n" not in line_of(check)
