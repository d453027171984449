"""
What goes into a support bundle: each part a text that is found when it is asked for.

Nothing of what people said or wrote in a call is anywhere here: records have durations
and counts, and the log has no texts.  No whole file of the configuration is taken, only
what applies, with its secrets masked.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from kiosk.app.doctor.check import Check, line_of
from kiosk.app.doctor.examination import Surroundings, examine
from kiosk.app.doctor.machine import text_of
from kiosk.app.fleet_facts import installed_version
from kiosk.config.load import Loaded, examine_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.config.show import as_toml
from kiosk.control.client import ControlClient
from kiosk.errors import ConfigError
from kiosk.journal.reading import read_journal


MOST_CHARS: Final = 4_000_000
"""Of a part: what is longer keeps its end, which is the newest."""
_MOST_LINES: Final = 20_000
JOURNALCTL: Final = ("journalctl",)
_KERNEL: Final = re.compile(
    r"(?i)voltage|throttl|thermal|hwmon|mmc|mmcblk|ext4|I/O error|usb .*(disconnect|reset)"
    r"|oom|out of memory|watchdog|drm|hdmi|segfault"
)
_UNITS: Final = "kiosk*"
_STATES: Final = (
    "run/kiosk-provision/status.json",
    "var/lib/kiosk-provision/current.json",
    "var/lib/kiosk-ladder/count.json",
    "var/lib/kiosk-update/record.json",
    "boot/firmware/kiosk/RESULT.txt",
    "bootfs/kiosk/RESULT.txt",
)


@dataclass(frozen=True, slots=True)
class Part:
    """
    One file of the bundle.

    Attributes:
        name: Within the archive.
        what: What it is and where it comes from, in words.
        find: Returns its text; whatever it raises is told in the manifest.

    """

    name: str
    what: str
    find: Callable[[], str]


class NobodyThere:
    """Implements the doctor's Person: a bundle is made without asking."""

    is_here = False

    def tell(self, text: str) -> None:
        """Tell nobody."""

    def typed(self, within_s: float) -> str | None:
        """Hear nothing."""
        return None


def parts_of(
    file: Path | None, around: Surroundings, days: int, journal: Sequence[str]
) -> Iterator[Part]:
    """
    Yield the parts, the quickest first.

    Args:
        file: Use only this configuration file.
        around: Where to look, and how programs are run.
        days: Of the journal.
        journal: The program that reads it.

    """
    root, run = around.root, around.run
    yield Part(
        "versions.txt",
        "versions of the kiosk, its libraries, the system",
        lambda: _versions(root, around),
    )
    yield Part(
        "configuration.toml",
        "what applies, with origins, secrets masked",
        lambda: _configuration(file),
    )
    yield Part(
        "status.json",
        "`kiosk status --json`, of the running kiosk",
        lambda: _told(_client(file).status()),
    )
    yield Part(
        "calls.json",
        "records of the last calls: times and counts",
        lambda: _calls(file, root),
    )
    yield Part(
        "units.txt",
        f"`systemctl status` and `show` of {_UNITS}",
        lambda: _units(around),
    )
    yield Part(
        "network.txt", "addresses, routes, name servers", lambda: _network(around)
    )
    yield Part(
        "states.txt",
        "of provisioning, failure ladder and update",
        lambda: _states(root),
    )
    yield Part(
        "kernel.txt",
        "the kernel's lines on power, heat, storage, devices",
        lambda: _kernel(around),
    )
    yield Part(
        "journal.jsonl",
        f"the kiosk's own lines of {days} days",
        lambda: _journal(days, journal),
    )
    yield Part(
        "journal-units.txt",
        f"what systemd says of its units, of {days} days",
        lambda: run(
            [
                "journalctl",
                "--no-pager",
                "--output=short-iso",
                f"--since=-{days}d",
                f"--unit={_UNITS}",
            ]
        ),
    )
    yield Part("doctor.txt", "`kiosk doctor`", lambda: _doctor(file, around))


def _versions(root: Path, around: Surroundings) -> str:
    lines = [
        f"kiosk {installed_version()}",
        f"python {platform.python_version()} at {sys.prefix}",
        f"kernel {text_of(root / 'proc/sys/kernel/osrelease')}",
        f"board {text_of(root / 'proc/device-tree/model') or 'no Raspberry Pi'}",
        text_of(root / "etc/os-release"),
        "",
        around.run(
            [
                "dpkg-query",
                "--show",
                "kiosk*",
                "python3-av",
                "python3-libcamera*",
                "rpi-eeprom",
                "raspi-firmware",
            ]
        ),
    ]
    libraries = {each.name: each.version for each in distributions()}
    lines += [f"{name} {libraries[name]}" for name in sorted(libraries, key=str.lower)]
    return "\n".join(lines)


def _configuration(file: Path | None) -> str:
    try:
        loaded, problem = examine_kiosk(file)
    except ConfigError as error:
        return _comments(error)
    head = "" if problem is None else _comments(problem)
    shown: Loaded[KioskConfig] = loaded
    return head + as_toml(shown, with_origin=True)


def _comments(problem: ConfigError) -> str:
    lines = [f"# mistake: {line}" for line in problem.mistakes]
    return "\n".join([*lines, ""])


def _client(file: Path | None) -> ControlClient:
    loaded, _ = examine_kiosk(file)
    return ControlClient(loaded.config.control.socket)


def _calls(file: Path | None, root: Path) -> str:
    try:
        return _told({"calls": _client(file).calls()})
    except Exception:
        loaded, _ = examine_kiosk(file)
        kept = Path(loaded.config.calls.directory or root / "var/lib/kiosk/calls")
        texts = [text_of(path) for path in sorted(kept.glob("call-*.json"))]
        if not texts:
            raise
        return "[\n" + ",\n".join(texts) + "\n]\n"


def _units(around: Surroundings) -> str:
    shown = around.run(
        ["systemctl", "list-units", "--all", "--no-pager", "--plain", _UNITS]
    )
    facts = around.run(
        [
            "systemctl",
            "show",
            "--no-pager",
            "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,ExecMainStatus,ExecMainCode,StatusText,WatchdogUSec,MemoryCurrent",
            _UNITS,
        ]
    )
    failed = around.run(
        ["systemctl", "list-units", "--failed", "--no-pager", "--plain"]
    )
    return f"{shown}\n{facts}\nfailed on this machine:\n{failed}"


def _network(around: Surroundings) -> str:
    asked = (["ip", "-brief", "address"], ["ip", "route"], ["ip", "-6", "route"])
    told = [f"$ {' '.join(argv)}\n{around.run(argv)}" for argv in asked]
    return "\n".join([*told, text_of(around.root / "etc/resolv.conf")])


def _states(root: Path) -> str:
    found = [(name, text_of(root / name)) for name in _STATES]
    told = [f"== /{name}\n{text}\n" for name, text in found if text]
    return "\n".join(told) or "none of them has left anything\n"


def _kernel(around: Surroundings) -> str:
    said = around.run(["journalctl", "--dmesg", "--no-pager", "--output=short-iso"])
    said = said or around.run(["dmesg"])
    return "\n".join(line for line in said.splitlines() if _KERNEL.search(line))


def _journal(days: int, program: Sequence[str]) -> str:
    lines = read_journal(since=f"-{days}d", newest=_MOST_LINES, program=program)
    return "\n".join(json.dumps(line.as_object(), ensure_ascii=False) for line in lines)


def _doctor(file: Path | None, around: Surroundings) -> str:
    checks: list[Check] = []
    examine(file, deep=False, say=checks.append, person=NobodyThere(), around=around)
    return "\n".join(line_of(check) for check in checks)


def _told(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False)
