"""
The microphone of one pusher, period by period: read, cleaned or silenced, encoded.

All of it runs on the mic thread but what says otherwise.  A microphone that is lost
within the call is told once, tried again each second, and told when it is back; lost
or not, it ends no call.  One that hears nothing (:mod:`kiosk.media.hearing`) is told
like one that is lost; what it gives is sent all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from kiosk.errors import DeviceError, DeviceStalled
from kiosk.media.echo import EchoPath
from kiosk.media.hearing import Hearing
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import Outgoing
from kiosk.media.worker import Worker
from kiosk.ports import (
    SAMPLE_RATE,
    CaptureBack,
    CaptureLost,
    Clock,
    MediaFact,
    Microphone,
    Micros,
    Period,
)


_REOPEN_S = 1.0
_SLICE_S = 0.25


class Listening:
    """
    One microphone on its way into the queue.

    Args:
        silent_s: After so long without a period it counts as lost.
        deaf_s: After so long of one sample it does as well; 0: never.
        post: Told when it is lost, and when it is back.

    Attributes:
        muted: Whether silence is sent from the next period on; any thread.
        muted_us: For how long silence was encoded in its place.
        is_silenced: Whether that is what was encoded last.

    """

    def __init__(
        self,
        microphone: Microphone,
        outgoing: Outgoing,
        clock: Clock,
        *,
        encoder: MicrophoneEncoder,
        echo: EchoPath,
        post: Callable[[MediaFact], None],
        silent_s: float,
        deaf_s: float,
    ) -> None:
        self._microphone = microphone
        self._outgoing = outgoing
        self._clock = clock
        self._encoder = encoder
        self._echo = echo
        self._post = post
        self._silent_s = silent_s
        self._deaf_s = deaf_s
        self._hearing = Hearing(deaf_s)
        self._sound_at = Micros(0)
        self._is_lost = False
        self._xruns_before = 0  # of the times it was open before
        self.muted = False
        self.muted_us = 0
        self.is_silenced = False

    @property
    def xruns(self) -> int:
        """How often it lost sound, over all the times it was open; any thread."""
        return self._xruns_before + self._microphone.xruns

    def open(self) -> None:
        """
        Open the microphone.

        Raises:
            DeviceError: If it is absent or busy.

        """
        self._microphone.open()
        self._sound_at = self._clock.now()

    def listen_once(self, worker: Worker) -> None:
        """Pass a period on; or wait for a lost microphone, a second at most."""
        try:
            period = self._microphone.read()
        except DeviceStalled as exc:
            if self._clock.now() - self._sound_at > self._silent_s * 1_000_000:
                self._lose(worker, exc)
            return
        except DeviceError as exc:
            self._lose(worker, exc)
            return
        self._sound_at = self._clock.now()
        muted = self.muted
        self._judge(period, muted=muted)
        cleaned = self._echo.clean(period)  # also while muted: it keeps learning
        pcm = self._silenced(cleaned.pcm) if muted else cleaned.pcm
        for unit in self._encoder.encode(pcm, cleaned.captured_at):
            self._outgoing.put_sound(unit)
        self.is_silenced = muted

    def close(self) -> None:
        """Release the microphone."""
        self._microphone.close()

    def _judge(self, period: Period, *, muted: bool) -> None:
        """Tell of a microphone that hears nothing, and of one that is back."""
        if not muted:  # whoever mutes may do it at the microphone as well
            self._hearing.hear(period.pcm)
        deaf = self._hearing.wrong
        if deaf and not self._is_lost:
            self._is_lost = True
            self._post(CaptureLost("microphone", deaf))
        elif self._is_lost and not deaf:
            self._is_lost = False
            self._post(CaptureBack("microphone"))

    def _silenced(self, pcm: bytes) -> bytes:
        self.muted_us += len(pcm) // 2 * 1_000_000 // SAMPLE_RATE
        return bytes(len(pcm))

    def _lose(self, worker: Worker, exc: DeviceError) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._post(CaptureLost("microphone", str(exc)))
        self._microphone.close()
        self._hearing = Hearing(self._deaf_s)
        for _ in range(round(_REOPEN_S / _SLICE_S)):
            worker.beat()
            if worker.stopping.wait(_SLICE_S):
                return
        xruns = self._microphone.xruns
        with contextlib.suppress(DeviceError):  # then the next read says so
            self._microphone.open()
            self._xruns_before += xruns
