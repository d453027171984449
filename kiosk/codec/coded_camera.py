"""
The way of pictures that a camera codes itself: checked, completed, passed on.

1. What comes out are whole access units, the first an IDR, and SPS and PPS before every
   IDR, whatever the camera puts into a buffer.
2. The camera's encoder is asked for IDRs and bit rates through knobs that it may lack.
   Pictures cannot be left out between two that build on each other: up to
   :data:`ONLY_IDRS` a second only IDRs are passed on, above that all are.
3. Every picture is decoded: for the self-view, for stills, and because damage that
   nobody sees here would be seen by the agent until the next IDR.  Then nothing is
   passed on before that.

Not thread-safe: everything belongs to the camera's thread but what wishes say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import i420_of, preview_of
from kiosk.codec.live_encoder import PREVIEW_RATE, PREVIEW_WIDTH, EncoderWishes
from kiosk.codec.pacing import RateLimit
from kiosk.codec.presets import GOP_S
from kiosk.errors import MediaError
from kiosk.ports import (
    BRAKE_BELOW,
    AccessUnit,
    Bitrate,
    DmabufFrame,
    Micros,
    SoftFrame,
)
from kiosk.rtmp import avc


ONLY_IDRS: Final = BRAKE_BELOW
"""Pictures a second, up to which each of them is an IDR."""

_ASK_AGAIN_US: Final = 200_000
"""An encoder has some pictures under way: asked for each, it would make IDRs of all."""

_SLICES: Final = (1, avc.IDR)
_FIRST_MACROBLOCK: Final = 0x80  # ue(v) 0 is the single bit 1 (H.264 7.3.3)

log = logging.getLogger(__name__)


class Knobs(Protocol):
    """What a camera's encoder can be asked for; each may do nothing."""

    def force_idr(self) -> None:
        """Make the next picture an IDR."""
        ...

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate."""
        ...


class CodedCamera:
    """
    One object a ``start``.

    Args:
        knobs: Of the camera's encoder.
        wishes: Of everybody else.
        picture_rate: The camera's.
        on_unit: Gets every picture that is passed on.
        on_preview: Gets small uncoded ones.

    """

    def __init__(
        self,
        knobs: Knobs,
        wishes: EncoderWishes,
        picture_rate: float,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None,
    ) -> None:
        self._knobs = knobs
        self._wishes = wishes
        self._on_unit = on_unit
        self._on_preview = on_preview
        self._bitrate: Bitrate | None = None
        self._limit = RateLimit(picture_rate)
        self._rate = picture_rate
        self._preview_limit = RateLimit(PREVIEW_RATE)
        self._config: avc.AvcConfig | None = None
        self._decoder: H264Decoder | None = None
        self._needs_idr = self._wants_idr = True
        self._is_due = False
        self._idr_at = self._asked_at = Micros(0)
        self.newest: SoftFrame | None = None

    def restart(self) -> None:
        """Begin anew with an IDR: the camera was away."""
        self._needs_idr = self._wants_idr = True
        self._bitrate = None

    def offer(self, content: bytes, at: Micros) -> int:
        """
        Pass on what one buffer holds, taken at ``at``.

        Returns:
            How many pictures it holds.

        """
        self._follow_wishes()
        units = access_units(content)
        self._note_parameters(units)
        pictures = [[nal for nal in unit if _is_slice(nal)] for unit in units]
        whole = [picture for picture in pictures if picture]
        if whole and self._rate <= ONLY_IDRS:
            self._is_due = self._limit.allows(at) or self._is_due
        for picture in whole:
            self._pass_on(picture, at)
        is_over = at - self._idr_at > GOP_S * 1_000_000
        is_wanted = self._is_due if self._rate <= ONLY_IDRS else self._wants_idr
        if (is_wanted or is_over) and at - self._asked_at > _ASK_AGAIN_US:
            self._asked_at = at
            self._knobs.force_idr()
        return len(whole)

    def _note_parameters(self, units: list[list[bytes]]) -> None:
        config = avc.config_of([nal for unit in units for nal in unit])
        if config is not None and config != self._config:
            self._config = config
            with suppress(MediaError):
                self._decoder = H264Decoder(avc.write_config(config))

    def _pass_on(self, picture: list[bytes], at: Micros) -> None:
        config, decoder = self._config, self._decoder
        is_idr = avc.nal_type(picture[0]) == avc.IDR
        if config is None or decoder is None or (self._needs_idr and not is_idr):
            return
        try:
            shown = decoder.decode(avc.to_avcc(picture), at)
        except MediaError as error:
            log.warning("the camera's encoder: %s", error)
            self._needs_idr = self._wants_idr = True
            return
        self.newest = shown[-1] if shown else self.newest
        if is_idr:
            self._needs_idr, self._idr_at = False, at
        self._deliver(config, picture, at, is_idr=is_idr)
        if shown and self._on_preview and self._preview_limit.allows(at):
            step = max(1, shown[-1].width // PREVIEW_WIDTH)
            self._on_preview(preview_of(i420_of(shown[-1]), at, step))

    def _deliver(
        self, config: avc.AvcConfig, pictures: list[bytes], at: Micros, *, is_idr: bool
    ) -> None:
        if self._rate <= ONLY_IDRS and not (is_idr and self._is_due):
            return
        if is_idr:
            self._is_due = self._wants_idr = False
        sets = (*config.sps, *config.pps) if is_idr else ()
        data = avc.to_annex_b((*sets, *pictures))
        self._on_unit(AccessUnit(data, at, is_idr=is_idr))

    def _follow_wishes(self) -> None:
        bitrate, rate = self._wishes.rates()
        if bitrate != self._bitrate:
            self._bitrate = bitrate
            self._knobs.set_bitrate(bitrate)
        if rate != self._rate:
            if self._rate <= ONLY_IDRS < rate:  # what was left out is missing now
                self._needs_idr = self._wants_idr = True
            self._rate = rate
            self._limit.change(rate)
        if self._wishes.take_idr():
            self._wants_idr = True


def access_units(content: bytes) -> list[list[bytes]]:
    """
    Return the NAL units of a buffer, one list for each coded picture in it.

    A picture begins with its first slice (ITU-T H.264 7.4.1.2.4); what stands before
    that belongs to it.
    """
    units: list[list[bytes]] = []
    waiting: list[bytes] = []
    for nal in avc.split_annex_b(content):
        is_slice = _is_slice(nal)
        is_first = is_slice and len(nal) > 1 and bool(nal[1] & _FIRST_MACROBLOCK)
        if is_first or (not units and is_slice):
            units.append([*waiting, nal])
            waiting = []
        elif is_slice:
            units[-1].append(nal)
        else:
            waiting.append(nal)
    if waiting:
        units.append(waiting)
    return units


def _is_slice(nal: bytes) -> bool:
    return avc.nal_type(nal) in _SLICES
