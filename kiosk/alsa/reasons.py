"""
Why a card is not to be had, and the cure, in the words of this product.

ALSA says it in the operating system's words, and pyalsaaudio gives no number with
them: they are compared with what the system itself would say.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from kiosk.alsa.cards import Direction
from kiosk.alsa.choice import Choice
from kiosk.alsa.machine import SoundMachine


GROUP_CURE = "add the daemon's user to the group audio"
_OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)
_HDMI_CURE = "switch the screen on, or name another loudspeaker"


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong, and what a technician does about it."""

    wrong: str
    cure: str

    @override
    def __str__(self) -> str:
        return f"{self.wrong}; {self.cure}"


def is_about(error: Exception, number: int) -> bool:
    """Say whether an error of the library is the system's of that number."""
    return str(error).startswith(os.strerror(number))


def reason_of(
    error: Exception, choice: Choice, direction: Direction, machine: SoundMachine
) -> Reason:
    """Say why a card could not be opened."""
    if is_about(error, errno.EBUSY):
        return busy(choice, direction, machine)
    if is_about(error, errno.EACCES) or is_about(error, errno.EPERM):
        return Reason("no permission to open it", GROUP_CURE)
    if is_about(error, errno.ENODEV) or is_about(error, errno.ENOENT):
        if choice.converted.startswith("plug:'hdmi"):
            return Reason("no screen takes its sound", _HDMI_CURE)
        cure = "plug it in" if choice.card else "name a card that there is"
        return Reason(f"absent: {error}", cure)
    return Reason(f"it refuses: {error}", "name another card")


def forbidden(
    choice: Choice, direction: Direction, machine: SoundMachine
) -> Reason | None:
    """Say that the node may not be opened by this user, if that is so."""
    if choice.card is None:
        return None
    letter = direction.value
    node = machine.nodes / f"pcmC{choice.card.number}D{choice.device}{letter}"
    if machine.may_open(node):
        return None
    return Reason(f"no permission to open {node}", GROUP_CURE)


def busy(choice: Choice, direction: Direction, machine: SoundMachine) -> Reason:
    """Say who has it open, where the kernel tells."""
    owner = owner_of(choice, direction, machine)
    if owner is None:
        return Reason("busy: another program has it open", "stop that program")
    name = _text(machine.proc / str(owner) / "comm").strip() or "a program"
    return Reason(f"busy: {name} (process {owner}) has it open", f"stop {name}")


def owner_of(choice: Choice, direction: Direction, machine: SoundMachine) -> int | None:
    """Return the process that has it open; of several subdevices, all of them."""
    if choice.card is None:
        return None
    pcm = f"card{choice.card.number}/pcm{choice.device}{direction.value}"
    found: list[re.Match[str] | None] = [
        _OWNER.search(_text(status))
        for status in sorted((machine.proc / "asound" / pcm).glob("sub*/status"))
    ]
    owners = [int(match[1]) for match in found if match]
    return owners[0] if owners and len(owners) == len(found) else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def held_by(
    choice: Choice, direction: Direction, machine: SoundMachine
) -> Reason | None:
    """Say who else has it open, if somebody has; asks the kernel, opens nothing."""
    owner = owner_of(choice, direction, machine)
    if owner is None or owner == os.getpid():
        return None
    return busy(choice, direction, machine)
