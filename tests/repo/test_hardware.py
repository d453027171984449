"""The checklist for the first run on a board names every open point and real commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kiosk import cli


ROOT = Path(__file__).parents[2]
CHECKLIST = (ROOT / "tests/hardware/README.md").read_text(encoding="utf-8")

OPEN = (
    # of the media path
    "hardware encoder latency",
    "live bit rate of the hardware encoder (Pi 4, Zero 2 W)",
    "SensorTimestamp clock",
    "v4l2m2m decode into DRM planes",
    "ALSA period of 10 ms on USB audio",
    "echo cancelling in a real branch",
    "thermal limits",
    # of the display
    "real vc4 run",
    "hand-over of the card by the fd store",
    "Zero 2 W draw times",
    "CMA size on 512 MB boards",
    "portrait",
    "the driver's own limits (ENOSPC)",
    # of the system
    "boot times",
    "`h264_v4l2m2m` under this sandbox",
    "libcamera's devices under `DevicePolicy=closed`",
    "a late screen with `@60D`",
    "A/B commit with tryboot",
    "Imager with a local manifest",
    "ALSA xruns with SCHED_FIFO audio only",
)
"""What nobody could try without a board."""

COMMANDS = sorted(
    {
        found
        for line in re.findall(r"`([^`\n]+)`", CHECKLIST)
        + re.findall(r"^([a-z].*)$", CHECKLIST, re.MULTILINE)
        for found in re.findall(r"^(?:sudo (?:-u kiosk )?)?(kiosk [a-z-]+.*)$", line)
        if "|" not in line
    }
)


def test_every_open_point_has_a_row_with_its_command_and_what_to_expect() -> None:
    rows = [
        line[2:-2].split(" | ") for line in CHECKLIST.splitlines() if line[:1] == "|"
    ]
    points = {cells[0]: cells for cells in rows if len(cells) == 3}

    assert set(OPEN) <= set(points)
    assert all(answer and expected for _, answer, expected in points.values())


@pytest.mark.parametrize("board", ["Pi 3", "Pi 4", "Pi 5", "Zero 2 W"])
def test_every_board_has_its_column(board: str) -> None:
    heading = next(line for line in CHECKLIST.splitlines() if line.startswith("| line"))

    assert board in heading


def test_there_are_commands_to_check() -> None:
    assert {"kiosk doctor", "kiosk doctor --deep", "kiosk config check"} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_checklist_is_one(command: str) -> None:
    arguments = cli.make_parser().parse_args(shlex.split(command)[1:])

    assert callable(arguments.command)


def test_every_line_of_the_doctor_that_is_named_is_one() -> None:
    folder = ROOT / "kiosk/app/doctor"
    said = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    named = re.findall(r"^\| `([^`]+)`(?: after it)? \|", CHECKLIST, re.MULTILINE)

    assert len(named) == 7
    assert [name for name in named if f'"{name}"' not in said] == []
