"""The server's file is checked as a kiosk's is, and listens where it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_server
from kiosk.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[server]\nhttp = "8080"', ":2: [server] http: needs HOST:PORT"),
        ('[server]\nhttp = "a:66000"', "the port must be from 0 to 65535"),
        ('[server]\nhttp = "a b:80"', "needs a host name or address"),
        ('[server]\nhttp = ":80"', "needs a host name or address"),
        ('[server]\nhttp = "[::g]:80"', ":2: [server] http: "),
        ('[server]\nrtmp = "192.0.2.1:1935"', ":2: [server] rtmp: plain HTTP and"),
        (
            '[server]\nrtmp = "0.0.0.0:1935"\n[network]\ninsecure = true',
            ":2: [server] rtmp: is every address of this machine",
        ),
        (
            '[server]\nrtmp = "[::]:0"\n[network]\ninsecure = true',
            "set public_host to the name or address that kiosks",
        ),
        ('[im]\npath = "v4"', 'form it must have; e.g. path = "/im"'),
        ('[server]\npublic_host = "tv.example"', "[server] public_host: plain HTTP"),
        ('[server]\npublic_host = "a:80"', ":2: [server] public_host: "),
        ('[server]\npublic_rtmp = "tv.example"', "public_rtmp: needs HOST:PORT"),
        ('[server]\npublic_rtmp = "localhost:0"', "public_rtmp: needs the port that"),
        ('[server]\npublic_rtmp = "tv.example:1"', "[server] public_rtmp: plain HTTP"),
        (
            '[server]\npublic_rtmp = "[::1]:1"\npublic_host = "::1"',
            ":3: [server] public_host: leave it out",
        ),
        ("[server]\ncapacity = 1", "capacity: must be at least 2"),
        ('[server]\npush_key = "sesame"', ":2: [server] push_key: is a secret, and"),
        ('[tls]\nkey = "a.pem"', ":2: [tls] key: needs certificate beside it"),
        ('[tls]\ncertificate = "a"', ":2: [tls] certificate: needs key beside it"),
        ('[server]\ntrusted_proxies = ["0.0.0.0/0"]', "everybody cannot be one"),
        ('[server]\ntrusted_proxies = ["::/0"]', "everybody cannot be one"),
        ('[server]\ntrusted_proxies = "nginx"', "must be a list of address ranges"),
        ('[limits]\nproxies = "all"', "proxies: must be a list of address ranges"),
        ("[limits]\nper_address = 1", "per_address: must be at least 2"),
        ('[compat]\noriginals = "on"', 'must be "off", "loopback" or a list of'),
        ("[compat]\noriginals = 3", 'must be "off", "loopback" or a list of'),
        ('[compat]\noriginals = ["10.0.0.1/8"]', "needs address ranges such as"),
        ("[compat]\noriginals = [3]", "needs address ranges such as"),
        (f"[compat]\noriginals = {['::1'] * 65}", "takes at most 64 address ranges"),
        ("[servr]\n", ":1: [servr]: unknown section; did you mean [server]?"),
    ],
)
def test_the_servers_file_is_checked_the_same_way(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "server.toml").write_text(text)

    with pytest.raises(ConfigError) as raised:
        load_server(tmp_path / "server.toml")

    assert len(raised.value.mistakes) == 1
    assert expected in raised.value.mistakes[0]
    assert "sesame" not in raised.value.mistakes[0]


def test_a_server_with_a_certificate_may_listen_beyond_this_machine(
    tmp_path: Path,
) -> None:
    (tmp_path / "server.toml").write_text(
        '[server]\nhttp = "0.0.0.0:443"\nrtmp = "0.0.0.0:1936"\npublic_host = "a.b"\n'
        '[tls]\ncertificate = "a.pem"\nkey = "a.key"\n'
        '[limits]\nproxies = ["10.0.0.0/8"]\n'
    )

    config = load_server(tmp_path / "server.toml").config

    assert (config.tls.certificate, config.tls.key) == ("a.pem", "a.key")
    assert config.limits.proxies == ("10.0.0.0/8",)


def test_a_server_may_listen_beyond_this_machine_when_asked_to(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text(
        '[server]\nhttp = "[::]:80"\npublic_host = "::2"\n'
        '[compat]\noriginals = ["10.0.0.0/8", "::/0"]\n[network]\ninsecure = true\n'
    )

    config = load_server(tmp_path / "server.toml").config

    assert config.server.http == "[::]:80"
    assert config.server.public_host == "::2"
    assert config.compat.originals == ("10.0.0.0/8", "::/0")
