"""
Opens a card for 48 kHz mono, or for the nearest it can do.

The card itself is asked first (``hw:``): what it gives unconverted is exact, and its
stamps are its own.  A card of another sample format or of two channels only is opened
through ALSA's ``plug`` layer at the card's *own* rate: that conversion is exact.
A card of another rate is converted by :mod:`kiosk.codec.rate_change` and never by
``plug``, which interpolates in a straight line: speech from a 16 kHz card would hiss.

pyalsaaudio 0.10 overruns its own buffer with formats of 24 bits in 32: one more reason
for no format but 16 bits ever to be read here.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kiosk.alsa.cards import Direction
from kiosk.alsa.choice import Choice, NoSuchCard, choose
from kiosk.alsa.machine import MISSING_CURE, SoundMachine
from kiosk.alsa.reasons import Reason, forbidden, is_about, reason_of
from kiosk.errors import DeviceError
from kiosk.ports import SAMPLE_RATE


FORMAT = "S16_LE"
_LEAST_RATE, _MOST_RATE = 8_000, 192_000


@dataclass(frozen=True, slots=True)
class Shape:
    """
    What a card is to be opened with.

    Attributes:
        device: ``microphone`` or ``speaker``.
        direction: Of the sound.
        period_ms: After how much of it the card says something.
        periods: Its buffer holds.

    """

    device: str
    direction: Direction
    period_ms: int
    periods: int


@dataclass(frozen=True, slots=True)
class OpenPcm:
    """
    An open card.

    Attributes:
        pcm: Of pyalsaaudio, not blocking.
        library: The module it is of.
        choice: What was opened.
        rate: Samples a second that it takes or gives, mono, 16 bit.
        buffer: Samples that its buffer holds.
        period: Samples after which it says something.
        subdevice: Which of the device's it is.

    """

    pcm: Any
    library: Any
    choice: Choice
    rate: int
    buffer: int
    period: int
    subdevice: int

    def failure(self, device: str, exc: Exception) -> DeviceError:
        """Return what became of it, in our words; ``device`` as in the configuration."""
        try:
            pulled = self.pcm.state() == self.library.PCM_STATE_DISCONNECTED
        except self.library.ALSAAudioError:
            pulled = False
        if pulled or is_about(exc, errno.ENODEV):
            return DeviceError(device, self.choice.name, "unplugged; plug it in again")
        return DeviceError(device, self.choice.name, str(exc))

    def close(self) -> None:
        """Let go of it at once, whatever still waits in it; never raises."""
        for step in (self.pcm.drop, self.pcm.close):
            with suppress(self.library.ALSAAudioError):  # it may be gone
                step()


def find(
    wanted: str, shape: Shape, machine: SoundMachine
) -> tuple[Choice | None, Reason | None]:
    """Return what is to be opened, or why it cannot be; opens nothing."""
    try:
        machine.load()
    except ImportError as exc:
        return None, Reason(f"no ALSA for Python: {exc}", MISSING_CURE)
    try:
        choice = choose(wanted, shape.direction, machine)
    except NoSuchCard as exc:
        return None, Reason(str(exc), exc.cure)
    return choice, forbidden(choice, shape.direction, machine)


def open_pcm(wanted: str, shape: Shape, machine: SoundMachine) -> OpenPcm:
    """
    Open a card.

    Args:
        wanted: See :func:`kiosk.alsa.choice.choose`.
        shape: How.
        machine: Where.

    Raises:
        DeviceError: It is absent, busy, not permitted, or cannot be used.

    """
    path = f"alsa:{wanted}" if wanted else "alsa"
    choice, reason = find(wanted, shape, machine)
    if choice is None or reason is not None:
        raise DeviceError(shape.device, path, str(reason))
    library = machine.load()
    try:
        return _opened(choice, shape, library)
    except library.ALSAAudioError as exc:
        reason = reason_of(exc, choice, shape.direction, machine)
        raise DeviceError(shape.device, choice.name, str(reason)) from exc


def _opened(choice: Choice, shape: Shape, library: Any) -> OpenPcm:
    rate = SAMPLE_RATE
    if choice.direct:
        opened = _at(choice.direct, rate, shape, library)
        said = opened.info()
        if _is_as_wanted(said, rate):
            return _described(opened, library, choice, said)
        opened.close()
        rate = min(_MOST_RATE, max(_LEAST_RATE, said["rate"]))
    opened = _at(choice.converted, rate, shape, library)
    said = opened.info()
    if _is_as_wanted(said, rate):
        return _described(opened, library, choice, said)
    opened.close()
    shown = f"{said['rate']} Hz, {said['channels']} channels, {said['format_name']}"
    raise DeviceError(
        shape.device,
        choice.name,
        f"it refuses mono of 16 bit at {rate} Hz (it offers {shown}); "
        "use a card that takes that",
    )


def _at(name: str, rate: int, shape: Shape, library: Any) -> Any:
    playback = shape.direction is Direction.PLAYBACK
    return library.PCM(
        type=library.PCM_PLAYBACK if playback else library.PCM_CAPTURE,
        mode=library.PCM_NONBLOCK,
        device=name,
        rate=rate,
        channels=1,
        format=library.PCM_FORMAT_S16_LE,
        periodsize=rate * shape.period_ms // 1000,
        periods=shape.periods,
    )


def _is_as_wanted(said: dict[str, Any], rate: int) -> bool:
    got = (said["rate"], said["channels"], said["format_name"])
    return got == (rate, 1, FORMAT)


def _described(pcm: Any, library: Any, choice: Choice, said: dict[str, Any]) -> OpenPcm:
    with suppress(library.ALSAAudioError, RuntimeError):  # some cards keep no time
        pcm.set_tstamp_mode(library.PCM_TSTAMP_ENABLE)
        pcm.set_tstamp_type(library.PCM_TSTAMP_TYPE_MONOTONIC)
    return OpenPcm(
        pcm,
        library,
        choice,
        said["rate"],
        said["buffer_size"],
        said["period_size"],
        said["subdevice_no"],
    )
