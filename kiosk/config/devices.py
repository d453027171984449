"""
Which device texts the configuration takes, per device section.

Adapters for real hardware are known by name and refused with a clear sentence
until this version has them; nothing here looks whether a device is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator

from kiosk.config.values import no_control_characters, parse_device


_MIN_HZ, _MAX_HZ = 20, 20_000
_MAX_PERSON = 8
_MAX_DEVICE_CHARS = 4000


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

    if form == "PERSON" and not _is_person(argument):
        raise ValueError(f'needs a number from 1 to {_MAX_PERSON}, e.g. "{kind}:2"')


def _is_person(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= _MAX_PERSON


def _is_audible(text: str) -> bool:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_MAX_HZ)):
        return False
    return _MIN_HZ <= int(text) <= _MAX_HZ


def _with(**forms: str) -> Mapping[str, str]:
    return MappingProxyType(forms)


CameraDevice = Annotated[
    str,
    AfterValidator(
        _checker(
            _Menu(
                ("synthetic",),
                _with(synthetic="PERSON", file="PATH"),
                ("picamera2", "v4l2"),
            )
        )
    ),
]
MicrophoneDevice = Annotated[
    str,
    AfterValidator(
        _checker(_Menu(("synthetic",), _with(tone="HZ", file="PATH"), ("alsa",)))
    ),
]
SpeakerDevice = Annotated[
    str,
    AfterValidator(_checker(_Menu(("synthetic",), _with(file="PATH"), ("alsa",)))),
]
DisplayDevice = Annotated[
    str, AfterValidator(_checker(_Menu(("headless",), _with(), ("kms",))))
]
ButtonsDevice = Annotated[
    str,
    AfterValidator(
        _checker(_Menu(("none", "keyboard"), _with(script="PATH"), ("gpiozero",)))
    ),
]
IndicatorsDevice = Annotated[
    str,
    AfterValidator(_checker(_Menu(("memory",), _with(file="PATH"), ("gpiozero",)))),
]
