"""
Which device texts the configuration takes, per device section.

Adapters for real hardware are known by name and refused with a clear sentence
until this version has them; nothing here looks whether a device is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator

from kiosk.config.values import formed, no_control_characters, parse_device


_MIN_HZ, _MAX_HZ = 20, 20_000
_MAX_PERSON = 8
_MAX_DEVICE_CHARS = 4000
_CARD_NUMBER = re.compile(r"\d+|(?:plug)?hw:(?:CARD=)?\d+(?:,.*)?")
_NUMBERED_NODE = re.compile(r"/dev/video\d+")


@dataclass(frozen=True, slots=True)
class _Menu:
    """
    The adapters of one device section.

    Attributes:
        plain: Kinds without an argument.
        with_argument: Kinds that need one, and how it is written.
        later: Kinds of later versions.

    """

    plain: tuple[str, ...]
    with_argument: Mapping[str, str]
    later: tuple[str, ...]

    @property
    def form(self) -> str:
        """What every right text fits, as a regular expression."""
        return "|".join([*self.plain, *(f"{kind}:.+" for kind in self.with_argument)])

    def allowed(self) -> str:
        texts = [f'"{kind}"' for kind in self.plain]
        texts += [f'"{kind}:{form}"' for kind, form in self.with_argument.items()]
        return " or ".join(texts)


def _checker(menu: _Menu) -> Callable[[str], str]:
    def check(text: str) -> str:
        no_control_characters(text)
        if len(text) > _MAX_DEVICE_CHARS:
            raise ValueError("is too long")
        choice = parse_device(text)
        if choice.kind in menu.later:
            raise ValueError(
                f'"{choice.kind}" is not available in this version; '
                f"use {menu.allowed()}"
            )
        if text in menu.plain:
            return text
        if choice.kind in menu.with_argument:
            _check_argument(choice.kind, choice.argument, menu)
        else:
            raise ValueError(f"must be {menu.allowed()}")
        return text

    return check


def _check_argument(kind: str, argument: str, menu: _Menu) -> None:
    form = menu.with_argument[kind]
    if not argument.strip():
        raise ValueError(f'needs something after the colon: "{kind}:{form}"')
    if form == "HZ" and not _is_audible(argument):
        raise ValueError(
            f'needs a frequency from {_MIN_HZ} to {_MAX_HZ}, e.g. "{kind}:440"'
        )

    if form == "CARD":
        _check_card(argument)
    if form == "NAME" and _NUMBERED_NODE.fullmatch(argument):
        raise ValueError(
            f'"{argument}" is a number that changes from boot to boot; use '
            f'"{kind}:/dev/v4l/by-id/..." or the camera\'s name, e.g. "{kind}:C920"'
        )
    if form == "PERSON" and not _is_person(argument):
        raise ValueError(f'needs a number from 1 to {_MAX_PERSON}, e.g. "{kind}:2"')


def _check_card(text: str) -> None:
    if _CARD_NUMBER.fullmatch(text):
        raise ValueError(
            "names a sound card by its number, which changes; use its name, "
            'e.g. "alsa:Device" (cat /proc/asound/cards), or its USB port, '
            'e.g. "alsa:usb:1-1.3"'
        )
    if any(mark in text for mark in "'\"{}"):
        raise ValueError("takes no quotes and no braces in the name of a card")


def _is_person(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= _MAX_PERSON


def _is_audible(text: str) -> bool:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_MAX_HZ)):
        return False
    return _MIN_HZ <= int(text) <= _MAX_HZ


def _with(**forms: str) -> Mapping[str, str]:
    return MappingProxyType(forms)


_CAMERA = _Menu(
    ("synthetic", "auto", "picamera2", "v4l2"),
    _with(synthetic="PERSON", file="PATH", picamera2="NAME", v4l2="NAME"),
    (),
)
_MICROPHONE = _Menu(
    ("synthetic", "alsa"), _with(tone="HZ", file="PATH", alsa="CARD"), ()
)
_SPEAKER = _Menu(("synthetic", "alsa"), _with(file="PATH", alsa="CARD"), ())
_HEADSET = _Menu((), _with(alsa="CARD"), ())
_DISPLAY = _Menu(
    ("headless", "simulator", "drm"),
    _with(drm="NODE", **{"fake-drm": "DRIVER"}),
    ("kms",),
)
_BUTTONS = _Menu(
    ("none", "keyboard", "gpiozero", "evdev"),
    _with(script="PATH", evdev="NAME"),
    (),
)
_INDICATORS = _Menu(("memory", "gpiozero"), _with(file="PATH"), ())

CameraDevice = Annotated[str, AfterValidator(_checker(_CAMERA)), formed(_CAMERA.form)]
MicrophoneDevice = Annotated[
    str, AfterValidator(_checker(_MICROPHONE)), formed(_MICROPHONE.form)
]
SpeakerDevice = Annotated[
    str, AfterValidator(_checker(_SPEAKER)), formed(_SPEAKER.form)
]
HeadsetDevice = Annotated[
    str, AfterValidator(_checker(_HEADSET)), formed(_HEADSET.form)
]
DisplayDevice = Annotated[
    str, AfterValidator(_checker(_DISPLAY)), formed(_DISPLAY.form)
]
ButtonsDevice = Annotated[
    str, AfterValidator(_checker(_BUTTONS)), formed(_BUTTONS.form)
]
IndicatorsDevice = Annotated[
    str, AfterValidator(_checker(_INDICATORS)), formed(_INDICATORS.form)
]
