"""What is applied while another bundle is judged has a trial of its own."""

from __future__ import annotations

import pytest
from typing_extensions import override

from kiosk.health import Verdict as Health
from kiosk.provision.outcome import Origin, Outcome, Verdict
from kiosk.provision.provisioning import Provisioning
from kiosk.provision.trial import try_out
from tests.provision.device import FILES, NOON, OTHER_SITE, Device


class Overtaken(Provisioning):
    """Somebody applies another bundle after the verdict, before it has the lock."""

    def __init__(self, device: Device) -> None:
        super().__init__(device.root, now=lambda: NOON)
        self._device = device

    def _overtake(self) -> None:
        self._device.lay_out({**FILES, "site.toml": OTHER_SITE}, id="summer")
        self._device.apply(Origin.BOOT)

    @override
    def commit(self, tried: str | None = None) -> Outcome:
        self._overtake()
        return super().commit(tried)

    @override
    def give_back(self, reason: str, tried: str | None = None) -> Outcome:
        self._overtake()
        return super().give_back(reason, tried)

    @override
    def tell_unhealthy(self, reason: str, tried: str | None = None) -> Outcome:
        self._overtake()
        return super().tell_unhealthy(reason, tried)


@pytest.mark.parametrize("has_good_one", [True, False])
@pytest.mark.parametrize("is_healthy", [True, False])
def test_a_verdict_on_one_bundle_is_none_on_the_next(
    device: Device,
    is_healthy: bool,
    has_good_one: bool,
) -> None:
    if has_good_one:
        device.lay_out(id="winter")
        device.apply()
        device.provisioning.commit()
    site = b'[room]\nserver = "https://rooms.example.com"\n'
    device.lay_out({**FILES, "site.toml": site}, id="spring")
    device.apply()
    health = Health(is_healthy=is_healthy, reason="of spring")

    outcome = try_out(Overtaken(device), lambda patience_s: health)

    assert outcome is None
    record = device.provisioning.record
    assert (record.current, record.trial) == ("summer", "summer")
    assert record.last_good == ("winter" if has_good_one else "")


def test_a_damaged_good_set_is_none_to_return_to(device: Device) -> None:
    device.lay_out(id="winter")
    device.apply()
    device.provisioning.commit()
    device.lay_out({**FILES, "site.toml": OTHER_SITE}, id="spring")
    device.apply()
    for path in (device.root / "var/lib/kiosk-provision/sets/winter").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    verdicts = iter([False, True])

    def wait(patience_s: float) -> Health:
        return Health(is_healthy=next(verdicts), reason="of spring")

    outcome = try_out(device.provisioning, wait)

    assert outcome is not None
    assert outcome.verdict is Verdict.HEALTHY
    record = device.provisioning.record
    assert (record.current, record.trial, record.last_good) == ("spring", "", "spring")
