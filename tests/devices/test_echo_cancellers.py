"""What a technician reads where a canceller's library is missing or refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.devices.echo_livekit import LivekitEchoCanceller
from kiosk.devices.echo_speex import SpeexEchoCanceller
from kiosk.errors import DeviceError


def test_a_missing_livekit_is_told_with_its_cure() -> None:
    def load() -> Any:
        raise ModuleNotFoundError("No module named 'livekit'", name="livekit")

    with pytest.raises(DeviceError) as told:
        LivekitEchoCanceller(noise_suppression=True, load=load)

    assert str(told.value) == (
        "echo canceller at livekit: No module named 'livekit'; install the package "
        "kiosk-wheels; in a checkout: pip install '.[aec]'"
    )


def test_a_missing_speex_is_told_with_its_cure() -> None:
    with pytest.raises(DeviceError, match=r"apt-get install libspeexdsp1$"):
        SpeexEchoCanceller(noise_suppression=True, library="libnone.so.9")


class _Refusing:
    """A library whose audio module says no."""

    def __init__(self, how: Exception, *, at_once: bool = False) -> None:
        self._how = how
        self._at_once = at_once
        self.AudioFrame = SimpleNamespace

    def AudioProcessingModule(self, **_: bool) -> Any:  # noqa: N802 -- livekit's name
        if self._at_once:
            raise self._how
        return self

    def process_reverse_stream(self, _: object) -> None:
        raise self._how


@pytest.mark.parametrize("how", [RuntimeError("bad rate"), AssertionError("no handle")])
def test_what_livekit_refuses_is_a_device_error(how: Exception) -> None:
    library = _Refusing(how)
    library.AudioFrame = lambda *_: None  # type: ignore[assignment]
    canceller = LivekitEchoCanceller(noise_suppression=True, load=lambda: library)

    with pytest.raises(DeviceError, match=str(how)):
        canceller.cancel(bytes(960), bytes(960))


def test_a_livekit_that_does_not_start_is_a_device_error() -> None:
    library = _Refusing(RuntimeError("no apm"), at_once=True)

    with pytest.raises(DeviceError, match="no apm"):
        LivekitEchoCanceller(noise_suppression=True, load=lambda: library)
