"""
Stands for the module ``alsaaudio``: the names, numbers and refusals of the real one.

Checked against pyalsaaudio 0.10.0 and 0.11.0 and alsa-lib 1.2.8: texts are those of
the operating system followed by the name in brackets, a busy card says so at once
because it is not opened to wait, and what a card cannot do is not refused but changed
(``hw:``), for the caller to notice.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Mapping
from typing import Any

from kiosk.alsa.testing.card import FakeCard
from kiosk.alsa.testing.pcm import ALSAAudioError, FakePcm, Form
from kiosk.ports import Clock


_NAME = re.compile(r"(plug)?hw:(?:CARD=)?([^,]+?)(?:,(?:DEV=)?(\d+)(?:,.*)?)?")
_HDMI = re.compile(r"plug:'hdmi:CARD=([^,]+),DEV=\d+'")


class FakeLibrary:
    """
    The module.

    Args:
        cards: By number; whoever owns them plugs and unplugs.
        version: Of pyalsaaudio.
        clock: Of the machine.

    """

    ALSAAudioError = ALSAAudioError
    PCM_PLAYBACK, PCM_CAPTURE = 0, 1
    PCM_NORMAL, PCM_NONBLOCK = 0, 1
    PCM_FORMAT_S16_LE = 2
    PCM_TSTAMP_ENABLE = 1
    PCM_TSTAMP_TYPE_MONOTONIC = 1
    PCM_STATE_SETUP = 1
    PCM_STATE_PREPARED = 2
    PCM_STATE_RUNNING = 3
    PCM_STATE_XRUN = 4
    PCM_STATE_DISCONNECTED = 8

    def __init__(
        self, cards: Mapping[int, FakeCard], version: str, clock: Clock
    ) -> None:
        self._cards = cards
        self._version = version
        self._clock = clock
        self.open_pcms: list[FakePcm] = []

    def PCM(  # noqa: N802 -- the module's own name
        self,
        *,
        type: int,  # noqa: A002 -- the module's own name
        mode: int,
        device: str,
        rate: int,
        channels: int,
        format: int,  # noqa: A002 -- the module's own name
        periodsize: int,
        periods: int,
    ) -> FakePcm:
        """Open a card."""
        assert mode == self.PCM_NONBLOCK
        assert (channels, format) == (1, self.PCM_FORMAT_S16_LE)
        card, converts = self._card_of(device)
        plays = type == self.PCM_PLAYBACK
        if not (card.kind.plays if plays else card.kind.records):
            raise refused(errno.ENOENT, device)
        if card.forbidden:
            raise refused(errno.EACCES, device)
        if card.hangs_s:
            card.n_hung += 1
            time.sleep(card.hangs_s)
            raise refused(errno.ETIMEDOUT, device)
        mine = [pcm for pcm in self.open_pcms if pcm.is_of(card, plays=plays)]
        if card.held_by is not None or len(mine) >= card.kind.substreams:
            raise refused(errno.EBUSY, device)
        form = Form(rate, 1, "S16_LE", periodsize, periods)
        pcm = FakePcm(
            card,
            device,
            form if converts and card.converts else form.nearest(card.kind),
            plays=plays,
            subdevice=len(mine),
            tells_xruns=self._version != "0.10",
            on_close=self.open_pcms.remove,
        )
        self.open_pcms.append(pcm)
        return pcm

    def pcms(self, pcmtype: int) -> list[str]:
        """Return the names of ALSA's configuration."""
        return ["null", *(f"hw:CARD={c.id},DEV=0" for c in self._cards.values())]

    def mixers(self, *, device: str) -> list[str]:
        """Return the controls of a card."""
        return list(self._card_of(device)[0].kind.controls)

    def Mixer(self, *, control: str, device: str) -> Any:  # noqa: N802 -- as above
        """Open one control of a card."""
        return _FakeMixer(self._card_of(device)[0], control)

    def _card_of(self, device: str) -> tuple[FakeCard, bool]:
        match = _NAME.fullmatch(device) or _HDMI.fullmatch(device)
        if match is None:
            raise refused(errno.ENOENT, device)
        name, converts = (
            (match[1], True) if match.re is _HDMI else (match[2], bool(match[1]))
        )
        for card in self._cards.values():
            if card.id == name:
                return card, converts
        raise refused(errno.ENODEV, device)


class _FakeMixer:
    """One control, as the module has it."""

    def __init__(self, card: FakeCard, control: str) -> None:
        self._card = card
        self._control = control

    def volumecap(self) -> list[str]:
        """Return what its volume is for."""
        records = self._control in {"Mic", "Capture"}
        return ["Capture Volume" if records else "Playback Volume"]

    def setvolume(self, volume: int, *, pcmtype: int) -> None:
        """Set its level in percent."""
        self._card.levels[self._control] = volume

    def setmute(self, mute: int) -> None:
        """Switch its sound on or off."""
        if not mute:
            self._card.switched_on.add(self._control)

    def setrec(self, capture: int) -> None:
        """Switch its recording on or off."""
        if capture:
            self._card.switched_on.add(self._control)

    def close(self) -> None:
        """Let go of it."""


def refused(number: int, device: str) -> ALSAAudioError:
    """Return the module's error for one of the system's."""
    return ALSAAudioError(f"{os.strerror(number)} [{device}]")
