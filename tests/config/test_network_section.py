"""The site's proxy: what may stand where, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import examine_kiosk, load_kiosk
from kiosk.config.show import as_toml
from kiosk.proxy import Proxy


ROOM = '[room]\nserver = "https://rooms.example"\n[network]\n'
PROXY = 'proxy = "http://proxy.example:3128"\n'
PASSWORD = "canary:of the proxy"


def device(root: Path, network: str, password: str = "") -> Path:
    (root / "etc/kiosk").mkdir(parents=True)
    (root / "etc/kiosk/kiosk.toml").write_text(ROOM + network)
    if password:
        path = root / "etc/credstore/kiosk.network.proxy_password"
        path.parent.mkdir(mode=0o700)
        path.write_text(password)
        path.chmod(0o600)
    return root


def only_mistake(root: Path) -> str:
    _, problem = examine_kiosk(root=root)

    assert problem is not None
    (line,) = problem.mistakes
    return line


def test_a_proxy_is_what_user_password_and_exceptions_make_it(tmp_path: Path) -> None:
    network = f'{PROXY}proxy_user = "kiosk"\nno_proxy = ["10.0.0.0/8", ".lan"]\n'

    loaded = load_kiosk(root=device(tmp_path, network, PASSWORD))

    direct = ("10.0.0.0/8", ".lan")
    expected = Proxy("proxy.example", 3128, "kiosk", PASSWORD, direct)
    assert loaded.config.network.way == expected
    assert PASSWORD not in as_toml(loaded, with_origin=True)


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert load_kiosk(root=device(tmp_path, "")).config.network.way is None


@pytest.mark.parametrize(
    "url", ["http://kiosk:canary@proxy.example:3128", "http://canary@proxy.example:1"]
)
def test_a_password_in_the_url_is_refused_with_the_right_place(
    tmp_path: Path, url: str
) -> None:
    line = only_mistake(device(tmp_path, f'proxy = "{url}"\n'))

    assert "kiosk.network.proxy_password in /etc/credstore" in line
    assert "canary" not in line


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ('proxy = "proxy.example:3128"', "must begin with http://"),
        ('proxy = "https://proxy.example:3128"', "must begin with http://"),
        ('proxy = "http://proxy.example"', "needs a host and a port"),
        ('proxy = "http://proxy.example:99999"', "is no URL"),
        ('proxy = "http://proxy.example:3128/a"', "needs a host and a port"),
        ('proxy = "http://proxy.example:3128?a"', "must end after the port"),
        ('proxy_user = "a"', "needs proxy in [network]"),
        (f'{PROXY}proxy_user = "a"', "needs its password among the secrets"),
        (f'{PROXY}proxy_user = "a:b"', "no colon"),
        (f'{PROXY}proxy_password = "a"', "is a secret"),
        ('no_proxy = ["a"]', "needs proxy in [network]"),
        (f'{PROXY}no_proxy = ["http://a"]', "needs hosts, domains"),
        (f'{PROXY}no_proxy = ["10.0.0"]', "needs hosts, domains"),
        (f'{PROXY}no_proxy = ["10.0.0.1/8"]', "needs hosts, domains"),
    ],
)
def test_whatever_else_is_wrong_is_one_line(
    tmp_path: Path, network: str, told: str
) -> None:
    assert told in only_mistake(device(tmp_path, network))


def test_a_password_nobody_goes_by_is_told(tmp_path: Path) -> None:
    line = only_mistake(device(tmp_path, PROXY, PASSWORD))

    assert "needs proxy_user" in line
