"""
Tones and recorded voices that belong to screens, played on the loudspeaker.

A recording is a file of any kind that FFmpeg reads, named after language and
screen: ``zh_TW/waiting.wav``. One that is missing or cannot be decoded costs one
warning, and the screen's tone is heard instead, where tones are wanted.

Silent are: the kiosk while it starts and is idle (a branch would hear that all day),
a call and a broadcast (the adviser's voice says it, and the own microphone would
carry it), and what only a technician can act on: not set up, and his own page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Final

from kiosk import ports
from kiosk.app.chime import Note, play_all, tune
from kiosk.call.states import Role
from kiosk.config.schema import KioskConfig
from kiosk.daemon.volume import Volume
from kiosk.errors import MediaError
from kiosk.ports import ScreenName


log = logging.getLogger(__name__)

LONGEST_S: Final = 60
_LOW, _MIDDLE, _HIGH = 392, 523, 659

TONES: Final[dict[ScreenName, tuple[Note, ...]]] = {
    ScreenName.CONSENT: (_MIDDLE, _MIDDLE),
    ScreenName.CONNECTING: (_MIDDLE,),
    ScreenName.WAITING: (_MIDDLE, _HIGH),
    ScreenName.QUEUED: (_HIGH, _MIDDLE, _HIGH),
    ScreenName.RECONNECTING: (_LOW, _MIDDLE),
    ScreenName.PEER_AWAY: (_MIDDLE, _LOW, _MIDDLE),
    ScreenName.NO_ANSWER: (_MIDDLE, _LOW, _LOW),
    ScreenName.ENDED: (_HIGH, _LOW),
    ScreenName.CLOSED: (_LOW,),
    ScreenName.OUT_OF_SERVICE: (_LOW, _LOW),
}
"""Notes in hertz; rising is hope, falling an end. The screens that have a sound."""


class Announcements:
    """
    Plays what belongs to a screen.

    Args:
        folder: Of the recordings; ``None`` for tones alone.
        tones: Whether a tone is heard where there is no recording.
        volume: How loud.
        language: The kiosk's own.
        make_speaker: The kiosk's loudspeaker.

    """

    def __init__(
        self,
        folder: Path | None,
        language: str,
        make_speaker: Callable[[], ports.Speaker],
        *,
        tones: bool = True,
        volume: Volume | None = None,
    ) -> None:
        self._volume = volume
        self._tones = tones
        self._folder = folder
        self._language = language
        self._make_speaker = make_speaker
        self._refused: set[str] = set()

    async def __call__(self, screen: ScreenName, language: str) -> None:
        """
        Play it, and return when it was handed to the speaker.

        Raises:
            DeviceError: The speaker is absent or busy.

        """
        if screen in TONES:
            blocks = self._blocks(screen, language or self._language)
            await play_all(self._make_speaker, blocks, self._volume)

    async def sound(self, screen: ScreenName, language: str) -> bytes:
        """Return all of its samples, for whoever has the loudspeaker."""
        if screen not in TONES:
            return b""
        blocks = self._blocks(screen, language or self._language)
        return await asyncio.to_thread(b"".join, blocks)

    def _blocks(self, screen: ScreenName, language: str) -> Iterator[bytes]:
        """Yield samples, on the thread that plays them."""
        try:
            yield from self._recorded(screen, language)
        except (MediaError, OSError) as error:  # a folder may be on a dying card
            self._refuse(str(error))
            yield from self._tone(screen)

    def _tone(self, screen: ScreenName) -> Iterator[bytes]:
        return tune(TONES[screen] if self._tones else ())

    def _recorded(self, screen: ScreenName, language: str) -> Iterator[bytes]:
        if self._folder is None:
            return self._tone(screen)
        name = f"{language}/{screen.value}"
        folder = self._folder / language
        found: list[Path] = []
        with suppress(FileNotFoundError):  # any other error is told; glob hides them
            found = sorted(
                each
                for each in folder.iterdir()
                if each.name.startswith(f"{screen.value}.")
            )
        if not found:
            raise MediaError(f"{self._folder / name}.*: no such recording")
        read: Callable[[str, float], Iterator[bytes]]
        read = import_module("kiosk.codec.audio_file").sound_of
        blocks = read(str(found[0]), LONGEST_S)
        first = next(blocks)  # whatever is wrong with the file is wrong by now
        return chain((first,), blocks)

    def _refuse(self, reason: str) -> None:
        if reason not in self._refused:
            self._refused.add(reason)
            log.warning("recording not played", extra={"reason": reason})


def announcements_of(
    config: KioskConfig,
    make_speaker: Callable[[], ports.Speaker],
    volume: Volume | None = None,
) -> Announcements | None:
    """
    Return what is heard with the screens, if anything is wanted.

    An agent's kiosk goes back to waiting after every call, and nobody needs telling.
    """
    wanted = config.prompts
    is_agents = config.call.role == Role.AGENT.value
    if is_agents or (wanted.folder is None and not wanted.tones):
        return None
    folder = Path(wanted.folder) if wanted.folder else None
    return Announcements(
        folder,
        config.kiosk.language,
        make_speaker,
        tones=wanted.tones,
        volume=volume,
    )
