"""
Units of a page to tags for the relay, as many at once as have come.

On a machine that is busy a hand-over to a thread takes longer than the work: what
waits goes together.  A damaged unit costs itself only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from kiosk.agentdesk.codec_threads import CodecThreads
from kiosk.agentdesk.framing import Codec, Unit
from kiosk.agentdesk.media_counts import DeskCounts
from kiosk.agentdesk.page_pictures import PagePictures, Tag
from kiosk.agentdesk.page_sound import PageSound
from kiosk.errors import MediaError


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a unit: tags, or in their place what was wrong with it."""

    unit: Unit
    tags: list[Tag] = field(default_factory=list[Tag])
    fault: str = ""


class PageTags:
    """
    One page's units.

    Args:
        pictures: Only with :meth:`of` at work on them, but for wishes.
        sound: Likewise.

    """

    def __init__(
        self,
        pictures: PagePictures,
        sound: PageSound,
        threads: CodecThreads,
        counts: DeskCounts,
    ) -> None:
        self._pictures = pictures
        self._sound = sound
        self._threads = threads
        self._counts = counts

    async def of(self, units: Sequence[Unit]) -> list[Made]:
        """Return what is to be sent of units, in their order."""
        # H.264 is a few slices of bytes: no work
        if all(unit.codec is Codec.H264 for unit in units):
            return [self._made_of(unit) for unit in units]
        made, took_us = await self._threads.run(lambda: self._work(units))
        self._counts.transcode_us += took_us
        self._counts.pictures_transcoded += sum(
            unit.codec is Codec.VP8 for unit in units
        )
        return made

    def _work(self, units: Sequence[Unit]) -> tuple[list[Made], int]:
        began_ns = time.thread_time_ns()
        made = [self._made_of(unit) for unit in units]
        return made, (time.thread_time_ns() - began_ns) // 1000

    def _made_of(self, unit: Unit) -> Made:
        make = self._pictures.tags if unit.is_video else self._sound.tags
        try:
            return Made(unit, make(unit))
        except MediaError as error:
            return Made(unit, fault=str(error))
