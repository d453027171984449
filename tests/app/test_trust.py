"""Whom a kiosk trusts: authorities, pins, its own certificate, and what is said of mistakes."""

from __future__ import annotations

import base64
import hashlib
import logging
import ssl
import subprocess
from pathlib import Path

import pytest

from kiosk.app.private_ca import PrivateCa, make_private_ca
from kiosk.app.trust import client_context, pin_of, pin_of_file, usable
from kiosk.config.network_section import NetworkSection
from kiosk.config.schema import KioskConfig, RoomSection
from kiosk.errors import ConfigError, RoomUnreachable
from kiosk.room import messages as msg
from kiosk.roomclient.exchange import HttpExchange
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles
from tests.fakes.room_server import running_server
from tests.fakes.self_signed import self_signed


OTHER_PIN = "sha256//" + base64.b64encode(bytes(32)).decode()


@pytest.fixture
def ca(tmp_path: Path) -> PrivateCa:
    return make_private_ca(tmp_path / "ours", ["127.0.0.1"])


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *arguments],
        input=stdin,
        capture_output=True,
        check=True,
        timeout=20,
    ).stdout


@pytest.mark.parametrize(
    "key",
    [
        ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        ("-newkey", "rsa:2048"),
        ("-newkey", "ed25519"),
    ],
)
@pytest.mark.parametrize("version", [1, 3])
def test_a_pin_is_what_openssl_and_curl_make_of_a_certificate(
    tmp_path: Path, key: tuple[str, ...], version: int
) -> None:
    request, private, made = (tmp_path / name for name in ("csr", "key", "pem"))
    subject = ("-subj", "/CN=a very long name, so that lengths take more bytes" * 1)
    openssl(
        "req", *key, "-nodes", "-keyout", str(private), "-out", str(request), *subject
    )
    extensions = tmp_path / "v3"
    extensions.write_text("basicConstraints = CA:FALSE\n")
    more = ("-extfile", str(extensions)) if version == 3 else ()
    sign = ("x509", "-req", "-in", str(request), "-signkey", str(private))
    made.write_bytes(openssl(*sign, *more))
    public = openssl("x509", "-in", str(made), "-noout", "-pubkey")
    der = openssl("pkey", "-pubin", "-outform", "der", stdin=public)

    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    assert pin_of_file(made) == f"sha256//{digest}"


async def asked(url: str, network: NetworkSection) -> msg.Account:
    exchange = HttpExchange(url, tls=client_context(network))
    try:
        return await exchange.ask(msg.GetLoginInfo("kiosk"), None, 5.0)
    finally:
        await exchange.aclose()


async def test_a_room_server_with_another_key_is_refused_and_its_key_named(
    ca: PrivateCa,
) -> None:
    files = TlsFiles(str(ca.certificate), str(ca.key))
    authority, pin = str(ca.authority), pin_of_file(ca.certificate)
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    async with running_server(settings) as (at, _):
        pins = (OTHER_PIN, pin)
        account = await asked(at.http_url, NetworkSection(ca_file=authority, pins=pins))
        with pytest.raises(RoomUnreachable) as refused:
            await asked(
                at.http_url, NetworkSection(ca_file=authority, pins=(OTHER_PIN,))
            )

    assert account.user_id == "kiosk"
    assert f"its public key is {pin}" in str(refused.value)
    assert "none of [network] pins" in str(refused.value)


async def test_an_authority_that_was_installed_is_trusted_beside_the_system_s(
    ca: PrivateCa, tmp_path: Path
) -> None:
    installed = tmp_path / "ca"
    installed.mkdir()
    (installed / "bank.pem").write_bytes(ca.authority.read_bytes())
    files = TlsFiles(str(ca.certificate), str(ca.key))
    settings = ServerSettings(http_port=0, rtmp_port=0, tls=files)
    context = client_context(NetworkSection(), installed)
    before = len(client_context(NetworkSection(), tmp_path / "none").get_ca_certs())
    async with running_server(settings) as (at, _):
        exchange = HttpExchange(at.http_url, tls=context)
        account = await exchange.ask(msg.GetLoginInfo("kiosk"), None, 5.0)
        await exchange.aclose()

    assert account.user_id == "kiosk"
    assert len(context.get_ca_certs()) == before + 1


def test_where_a_file_is_named_no_other_authority_counts(
    ca: PrivateCa, tmp_path: Path
) -> None:
    installed = tmp_path / "ca"
    installed.mkdir()
    (installed / "broken.pem").write_text("none")
    network = NetworkSection(ca_file=str(ca.authority))

    assert len(client_context(network, installed).get_ca_certs()) == 1
    with pytest.raises(ConfigError, match=r"broken\.pem: holds no certificate"):
        client_context(NetworkSection(), installed)


def test_a_pin_does_not_replace_the_authority(ca: PrivateCa, tmp_path: Path) -> None:
    other = make_private_ca(tmp_path / "other", ["127.0.0.1"])
    pins = (pin_of_file(ca.certificate),)
    client = client_context(NetworkSection(ca_file=str(other.authority), pins=pins))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ca.certificate, ca.key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(down, up, server_hostname="127.0.0.1")
    theirs = server.wrap_bio(up, down, server_side=True)
    for end in (ours, theirs):
        with pytest.raises(ssl.SSLWantReadError):
            end.do_handshake()

    with pytest.raises(
        ssl.SSLCertVerificationError, match="unable to get local issuer"
    ):
        ours.do_handshake()


def test_only_ephemeral_suites_of_tls_1_2_and_newer_are_offered() -> None:
    context = client_context(NetworkSection())
    older = [suite for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"]

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert older
    assert all(suite["name"].startswith("ECDHE-") for suite in older)


def mistake_of(network: NetworkSection) -> str:
    with pytest.raises(ConfigError) as told:
        client_context(network)
    (line,) = told.value.mistakes
    return line


def test_files_that_cannot_serve_are_named_with_cause_and_cure(
    ca: PrivateCa, tmp_path: Path
) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("this is no certificate\n")
    certificate, key = self_signed(tmp_path, "127.0.0.1")

    assert mistake_of(NetworkSection(ca_file="/none.pem")) == (
        "[network] ca_file /none.pem: No such file or directory; check path and mode"
    )
    assert "holds no certificate in PEM" in mistake_of(
        NetworkSection(ca_file=str(garbage))
    )
    assert "No such file or directory; check paths and modes" in mistake_of(
        NetworkSection(certificate="/none.pem", key=str(key))
    )
    assert "(KEY_VALUES_MISMATCH); both must be PEM, belong together" in mistake_of(
        NetworkSection(certificate=str(certificate), key=str(ca.key))
    )
    assert "not usable" in mistake_of(
        NetworkSection(certificate=str(garbage), key=str(key))
    )


def test_a_kiosk_with_a_broken_file_stays_up_and_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = KioskConfig(
        room=RoomSection(server="https://rooms.example"),
        network=NetworkSection(ca_file="/none.pem"),
    )
    with caplog.at_level(logging.ERROR):
        harmless, problem = usable(config, None)

    assert problem is not None
    assert "/none.pem" in str(problem)
    assert harmless.network.ca_file is None
    assert vars(caplog.records[0])["reason"] == str(problem)
    assert usable(harmless, None) == (harmless, None)


def test_an_earlier_mistake_is_told_first() -> None:
    config = KioskConfig(
        room=RoomSection(server="https://rooms.example"),
        network=NetworkSection(ca_file="/none.pem"),
    )
    earlier = ConfigError(("line 3: is wrong",))

    assert usable(config, earlier)[1] is earlier


def test_the_pin_of_a_certificate_needs_no_pem(ca: PrivateCa) -> None:
    der = ssl.PEM_cert_to_DER_cert(ca.certificate.read_text())

    assert pin_of(der) == pin_of_file(ca.certificate)
