"""
A machine with fake cards: what it shows in ``/sys`` and ``/proc``, and the module.

The two trees are real folders, written as the kernel would, so that whoever looks for
cards reads files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from kiosk.alsa.jacks import SOCKETS
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.testing.card import CardKind, FakeCard
from kiosk.alsa.testing.library import FakeLibrary
from kiosk.ports import Clock


class FakeSound:
    """
    The cards of one machine, and the module that opens them.

    Args:
        folder: Empty; what the kernel shows is written there.
        clock: Of the machine.
        version: Of pyalsaaudio, ``0.10`` or ``0.11``: they tell xruns differently.

    Attributes:
        is_installed: Whether the module can be imported.

    """

    def __init__(self, folder: Path, clock: Clock, version: str = "0.10") -> None:
        self.is_installed = True
        self.cards: dict[int, FakeCard] = {}
        self._clock = clock
        self._folder = folder
        self._library = FakeLibrary(self.cards, version, clock)
        self.machine = SoundMachine(
            load=self._load,
            sysfs=folder / "sys",
            proc=folder / "proc",
            nodes=folder / "dev",
            may_open=self._may_open,
            switches=self._switches,
        )
        for made in (folder / "sys", folder / "proc" / "asound", folder / "dev"):
            made.mkdir(parents=True, exist_ok=True)

    def add(
        self,
        card_id: str,
        kind: CardKind | None = None,
        *,
        number: int | None = None,
        drift_ppm: float = 0.0,
    ) -> FakeCard:
        """Make a card and plug it in, under the next number unless one is given."""
        card = FakeCard(self._clock, card_id, kind, drift_ppm=drift_ppm)
        self.plug(card, number)
        return card

    def plug(self, card: FakeCard, number: int | None = None) -> None:
        """Plug a card in; it may get another number than it had."""
        if number is None:
            number = next(n for n in range(32) if n not in self.cards)
        self.cards[number] = card
        card.is_there = True
        self._show(number, card)

    def unplug(self, card: FakeCard) -> None:
        """Pull a card out; who has it open notices at the next call."""
        number = self._number_of(card)
        del self.cards[number]
        card.is_there = False
        shutil.rmtree(self._folder / "sys" / f"card{number}")
        shutil.rmtree(self._folder / "proc" / "asound" / f"card{number}")
        self._list()

    def hold(self, card: FakeCard, pid: int, name: str) -> None:
        """Let another process have the card open."""
        card.held_by = pid
        process = self._folder / "proc" / str(pid)
        process.mkdir(exist_ok=True)
        (process / "comm").write_text(f"{name}\n", "ascii")
        self._show_state(self._number_of(card), card)

    def let_go(self, card: FakeCard) -> None:
        """Let the process end that has the card open."""
        if card.held_by is not None:
            shutil.rmtree(self._folder / "proc" / str(card.held_by))
        card.held_by = None
        self._show_state(self._number_of(card), card)

    def _number_of(self, card: FakeCard) -> int:
        return next(n for n, one in self.cards.items() if one is card)

    def _load(self) -> FakeLibrary:
        if not self.is_installed:
            raise ImportError("No module named 'alsaaudio'")
        return self._library

    def _may_open(self, node: Path) -> bool:
        number = int(node.name.removeprefix("pcmC").split("D")[0])
        return number in self.cards and not self.cards[number].forbidden

    def _switches(self, name: str) -> int:
        card = self.cards[int(name.removeprefix("event"))]
        if card.hides_jack:
            raise PermissionError(name)
        return SOCKETS if card.is_jack_in else 0

    def _show(self, number: int, card: FakeCard) -> None:
        port = card.kind.usb_port
        parent = self._folder / "devices" / (f"{port}:1.0" if port else card.id)
        driver = self._folder / "drivers" / card.kind.driver
        parent.mkdir(parents=True, exist_ok=True)
        driver.mkdir(parents=True, exist_ok=True)
        if not (parent / "driver").is_symlink():
            (parent / "driver").symlink_to(driver)
        place = self._folder / "sys" / f"card{number}"
        place.mkdir()
        (place / "id").write_text(f"{card.id}\n", "ascii")
        (place / "device").symlink_to(parent)
        for letter in _letters(card):
            (place / f"pcmC{number}D0{letter}").mkdir()
        if card.kind.has_jack:
            capabilities = place / "input3" / "capabilities"
            capabilities.mkdir(parents=True)
            (capabilities / "sw").write_text(f"{SOCKETS:x}\n", "ascii")
            (place / "input3" / f"event{number}").mkdir()
        self._show_state(number, card)
        self._list()

    def _show_state(self, number: int, card: FakeCard) -> None:
        for letter in _letters(card):
            folder = self._folder / f"proc/asound/card{number}/pcm0{letter}"
            text = _state_of(card, letter)
            for sub in range(card.kind.substreams):
                (folder / f"sub{sub}").mkdir(parents=True, exist_ok=True)
                (folder / f"sub{sub}" / "status").write_text(text, "ascii")

    def _list(self) -> None:
        lines = [
            f"{number:2} [{card.id:15}]: FAKE - {card.id} Audio\n"
            f"                      {card.id} Audio at nowhere\n"
            for number, card in sorted(self.cards.items())
        ]
        (self._folder / "proc/asound/cards").write_text("".join(lines), "ascii")


def _letters(card: FakeCard) -> str:
    return "p" * card.kind.plays + "c" * card.kind.records


def _state_of(card: FakeCard, letter: str) -> str:
    if card.held_by is not None:
        return f"state: RUNNING\nowner_pid   : {card.held_by}\n"
    beyond = round(card.kind.beyond_ms * 48)
    if not beyond:
        return "closed\n"
    avail = 0 if letter == "c" else 3840  # nothing in the buffer
    return f"state: RUNNING\ndelay       : {beyond}\navail       : {avail}\n"
