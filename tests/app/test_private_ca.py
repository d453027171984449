"""``kiosk server --make-ca``: files, modes, names, and a second time."""

from __future__ import annotations

import os
import ssl
import tomllib
from pathlib import Path

import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.cli import main
from kiosk.config.load import load_server
from kiosk.errors import ConfigError


def handshake(authority: PrivateCa, served: PrivateCa, name: str) -> str:
    """Return what a client that trusts the one says to a server that has the other."""
    client = ssl.create_default_context(cafile=str(authority.authority))
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(served.certificate, served.key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(down, up, server_hostname=name),
        server.wrap_bio(up, down, server_side=True),
    )
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return str(ends[0].version())


def test_the_command_prints_what_to_write_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tls"

    status = main(["server", "--make-ca", str(folder), "--name", "rooms.example"])

    assert status == os.EX_OK
    printed = capsys.readouterr().out
    server, kiosk = printed.split("# kiosks")
    (tmp_path / "server.toml").write_text(
        server + '[server]\nhttp = "0.0.0.0:443"\npublic_host = "rooms.example"\n'
    )
    config = load_server(tmp_path / "server.toml").config
    assert config.tls.certificate == str(folder / "server.pem")
    ca_file = tomllib.loads("#" + kiosk)["network"]["ca_file"]
    assert ca_file == str(folder / "ca.pem")


def test_the_certificate_holds_for_its_names_and_its_authority_only(
    tmp_path: Path,
) -> None:
    ours = make_private_ca(tmp_path / "a", ["rooms.example", "192.0.2.1", "::1"])
    other = make_private_ca(tmp_path / "b", ["rooms.example"])

    for name in ("rooms.example", "192.0.2.1", "::1"):
        assert handshake(ours, ours, name) == "TLSv1.3"
    assert "mismatch" in handshake(ours, ours, "192.0.2.2").lower()
    assert "mismatch" in handshake(ours, ours, "evil.example").lower()
    assert handshake(other, ours, "rooms.example") != "TLSv1.3"


def test_secrets_are_their_owners_alone_and_nothing_else_is_left(
    tmp_path: Path,
) -> None:
    make_private_ca(tmp_path, ["localhost"])

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {
        "ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o644, "server.key": 0o600,
    }  # fmt: skip


def test_a_second_time_the_authority_stays_and_the_server_has_a_new_key(
    tmp_path: Path,
) -> None:
    ca = make_private_ca(tmp_path, ["localhost"])
    before = ca.authority.read_bytes(), ca.key.read_bytes()
    make_private_ca(tmp_path, ["localhost"])

    assert ca.authority.read_bytes() == before[0]
    assert ca.key.read_bytes() != before[1]
    assert handshake(ca, ca, "localhost") == "TLSv1.3"


@pytest.mark.parametrize("name", ["", "a b", "a,DNS:b", "a\nb", "-a", "*", "x" * 300])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="--name needs"):
        make_private_ca(tmp_path, [name])

    assert list(tmp_path.iterdir()) == []


def test_half_an_authority_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")

    with pytest.raises(ConfigError, match="both or neither"):
        make_private_ca(tmp_path, ["localhost"])


def test_what_openssl_says_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    (tmp_path / "ca.key").write_text("nonsense")

    with pytest.raises(ConfigError, match="openssl x509 refused: "):
        make_private_ca(tmp_path, ["localhost"])


def test_a_machine_without_openssl_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="apt-get install openssl"):
        make_private_ca(tmp_path / "ca", ["localhost"])
