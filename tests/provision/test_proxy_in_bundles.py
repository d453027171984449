"""A bundle sets the site's proxy: address and user in TOML, the password as a secret."""

from __future__ import annotations

from kiosk.config.load import load_kiosk
from kiosk.provision.outcome import Verdict
from tests.provision.device import FILES, SITE, Device


PASSWORD = "pass-of-the-branch"
WITH_PROXY = SITE + (
    b'\n[network]\nproxy = "http://proxy.branch.example:3128"\nproxy_user = "kiosks"\n'
)
SECRET = f'[network]\nproxy_password = "{PASSWORD}"\n'.encode()


def test_the_password_becomes_a_credential_and_stays_when_it_left_the_stick(
    device: Device,
) -> None:
    device.lay_out({**FILES, "site.toml": WITH_PROXY, "secrets.toml": SECRET})

    first, again = device.apply(), device.apply()

    assert (first.verdict, again.verdict) == (Verdict.APPLIED, Verdict.UNCHANGED)
    way = load_kiosk(root=device.root).config.network.way
    assert way is not None
    assert (way.host, way.user, way.password) == (
        "proxy.branch.example",
        "kiosks",
        PASSWORD,
    )
    assert not (device.stick / "secrets.toml").exists()
    assert PASSWORD not in device.result


def test_a_later_bundle_without_secrets_finds_the_password_that_is_here(
    device: Device,
) -> None:
    device.lay_out({**FILES, "site.toml": WITH_PROXY, "secrets.toml": SECRET})
    device.apply()
    more = WITH_PROXY + b'no_proxy = ["branch.example"]\n'
    device.lay_out({**FILES, "site.toml": more})

    assert device.apply().verdict is Verdict.APPLIED

    way = load_kiosk(root=device.root).config.network.way
    assert way is not None
    assert way.password == PASSWORD
    assert way.direct == ("branch.example",)


def test_a_user_whose_password_is_nowhere_is_refused_with_its_place(
    device: Device,
) -> None:
    device.lay_out({**FILES, "site.toml": WITH_PROXY})

    assert device.apply().verdict is Verdict.REFUSED

    assert "kiosk.network.proxy_password" in device.result
