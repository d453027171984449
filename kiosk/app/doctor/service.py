"""
The kiosk as a service: its unit, its watchdog, and whether it may use the devices.

Asks systemd through its own program; nothing is changed.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kiosk.app.devices import kind_of_camera
from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.doctor.machine import Run, text_of
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_device


UNIT: Final = "kiosk.service"
USER: Final = "kiosk"
_ASKED: Final = (
    "LoadState,ActiveState,SubState,UnitFileState,NRestarts,WatchdogUSec,"
    "ExecMainStartTimestampMonotonic"
)

_SECONDS: Final = {"h": 3600, "min": 60, "s": 1}

NODES: Final[Mapping[str, tuple[str, str]]] = {
    "drm": ("dev/dri/card*", "video"),
    "picamera2": ("dev/media* dev/video* dev/dma_heap/*", "video"),
    "v4l2": ("dev/video*", "video"),
    "alsa": ("dev/snd/pcm*", "audio"),
    "gpiozero": ("dev/gpiochip*", "gpio"),
    "evdev": ("dev/input/event*", "input"),
}
"""The nodes of each kind of device, and the group they belong to."""


def look_at_service(root: Path, run: Run) -> Iterator[Check]:
    """Look at the unit and at the watchdogs."""
    told = run(["systemctl", "show", UNIT, f"--property={_ASKED}"])
    unit = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    yield _unit(unit)
    if unit.get("LoadState") == "loaded":
        yield _watchdog(unit)
    yield _board_watchdog(root, run)


def _unit(unit: Mapping[str, str]) -> Check:
    if unit.get("LoadState") != "loaded":
        cure = "install the package, then `systemctl enable --now kiosk`"
        return warning("service", f"there is no {UNIT} here", cure)
    state = f"{unit.get('ActiveState')} ({unit.get('SubState')})"
    if unit.get("ActiveState") != "active":
        cure = "`systemctl start kiosk`, and `journalctl -u kiosk` if that fails"
        return failure("service", state, cure)
    began = int(unit.get("ExecMainStartTimestampMonotonic") or 0) / 1_000_000
    evidence = f"{state}, started {began:.1f} s after the kernel"
    restarts = int(unit.get("NRestarts") or 0)
    if restarts:
        cure = "`journalctl -u kiosk -p warning` says why"
        return warning("service", f"{evidence}, restarted {restarts} times", cure)
    if unit.get("UnitFileState") not in {"enabled", "static"}:
        cure = "`systemctl enable kiosk`: it does not start with the machine"
        return warning("service", f"{evidence}, not enabled", cure)
    return good("service", evidence)


def _watchdog(unit: Mapping[str, str]) -> Check:
    length = unit.get("WatchdogUSec", "0")
    if length in {"0", "", "infinity"}:
        cure = "take back the change of WatchdogSec= (`systemctl cat kiosk`)"
        return failure("watchdog", "systemd does not watch the kiosk", cure)
    return good("watchdog", f"systemd restarts a kiosk that hangs for {length}")


def _board_watchdog(root: Path, run: Run) -> Check:
    """Ask the kernel as well: a value that it refuses silently disables it."""
    what = "board watchdog"
    wanted = run(["systemctl", "show", "--property=RuntimeWatchdogUSec"])
    wanted = wanted.strip().partition("=")[2]
    is_wanted = wanted not in {"", "0", "off", "infinity"}
    device = root / "sys/class/watchdog/watchdog0"
    if not device.exists():
        cure = "load the board's driver, e.g. `modprobe softdog`"
        return warning(what, "none: a kernel that hangs stays so", cure)
    state, identity = text_of(device / "state"), text_of(device / "identity")
    taken = text_of(device / "timeout")
    evidence = f"{identity or 'unnamed'}, {state or 'state unknown'}, {wanted or 'off'}"
    cure = "set RuntimeWatchdogSec=14s in /etc/systemd/system.conf.d/, and restart"
    if not is_wanted:
        return warning(what, f"{evidence}: not armed", cure)
    if state == "inactive":
        return failure(what, f"{evidence}: refused by the kernel", cure)
    if taken.isdecimal() and int(taken) != seconds_of(wanted):
        return failure(what, f"{evidence}: the hardware took {taken} s instead", cure)
    told = f"the hardware took {taken} s" if taken else "the hardware tells no time"
    return good(what, f"{evidence}, {told}")


def seconds_of(span: str) -> int:
    """Return a time span as systemd prints it, ``1min 30s`` say, in seconds."""
    found = re.findall(r"([0-9]+)(h|min|s)\b", span)
    return sum(int(number) * _SECONDS[unit] for number, unit in found)


def kinds_of(config: KioskConfig) -> tuple[str, ...]:
    """Return the kinds of device that are configured, each once."""
    texts = (
        config.display.device,
        config.camera.device,
        config.microphone.device,
        config.speaker.device,
        config.buttons.device,
        config.indicators.device,
    )
    kinds = dict.fromkeys(parse_device(text).kind for text in texts)
    return tuple(kind_of_camera() if kind == "auto" else kind for kind in kinds)


def look_at_rights(
    root: Path, kinds: Sequence[str], who: tuple[str, frozenset[int]] | None = None
) -> Iterator[Check]:
    """
    Look whether the nodes of configured devices may be used.

    Args:
        root: Under which ``dev`` is looked for.
        kinds: See :func:`kinds_of`.
        who: A user and his groups; by default the kiosk's own user or, where there
            is none, whoever asks.

    """
    user, groups = who or _user()
    for kind in kinds:
        if kind not in NODES:
            continue
        patterns, group = NODES[kind]
        found = [node for one in patterns.split() for node in sorted(root.glob(one))]
        shut = [node for node in found if not _may_use(node, user, groups)]
        names = ", ".join(f"/{node.relative_to(root)}" for node in shut or found)
        if not found:
            cure = "plug the device in, and load its driver"
            yield failure(f"nodes of {kind}", f"no {patterns}", cure)
        elif shut:
            cure = f"`usermod -aG {group} {user}`, and the udev rules of the package"
            yield failure(f"nodes of {kind}", f"{user} may not use {names}", cure)
        else:
            yield good(f"nodes of {kind}", f"{user} may use {names}")
    if not any(kind in NODES for kind in kinds):
        yield skipped("nodes", "no device of this machine is configured")


def _user() -> tuple[str, frozenset[int]]:
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        here = pwd.getpwuid(os.geteuid()).pw_name
        return here, frozenset({*os.getgroups(), os.getegid()})
    groups = {each.gr_gid for each in grp.getgrall() if USER in each.gr_mem}
    return USER, frozenset({*groups, entry.pw_gid})


def _may_use(node: Path, user: str, groups: frozenset[int]) -> bool:
    if user == "root":
        return True
    seen = node.stat()
    if seen.st_uid == pwd.getpwnam(user).pw_uid:
        return seen.st_mode & 0o600 == 0o600  # noqa: PLR2004 -- read and write
    if seen.st_gid in groups:
        return seen.st_mode & 0o060 == 0o060  # noqa: PLR2004
    return seen.st_mode & 0o006 == 0o006  # noqa: PLR2004
