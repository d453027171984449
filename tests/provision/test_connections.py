"""Network connections: what would never come up by itself is refused, with its line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kiosk.provision.outcome import Verdict
from tests.provision.device import FILES, LAN, Device, mode_of


WLAN = (
    b"[connection]\nid=branch-wlan\nuuid=6a4b3a0e-53a5-4d4e-9c0f-0f4c1f6f0c12\n"
    b"type=wifi\n\n[wifi]\nssid=BRANCH\n\n"
    b"[wifi-security]\nkey-mgmt=wpa-psk\npsk=eight-or-more\n"
)
DOT1X = LAN + (
    b"\n[802-1x]\neap=tls;\nidentity=kiosk-1@bank.example\nca-cert=bank-ca.pem\n"
    b"client-cert=kiosk.pem\nprivate-key=kiosk.key\nprivate-key-password-flags=4\n"
)
CERTIFICATES = {
    "network/bank-ca.pem": b"ca",
    "network/kiosk.pem": b"certificate",
    "network/kiosk.key": b"key",
}


def findings(device: Device, content: bytes, **files: bytes) -> str:
    more = {f"network/{name}": text for name, text in files.items()}
    device.lay_out({**FILES, "network/x.nmconnection": content, **more})
    outcome = device.apply()
    return "\n".join(outcome.lines)


@pytest.mark.parametrize("content", [LAN, WLAN], ids=["wired", "wifi"])
def test_what_networkmanager_takes_is_taken(device: Device, content: bytes) -> None:
    assert findings(device, content) == ""


@pytest.mark.parametrize("family", [b"\n", b"\r\n"], ids=["unix", "windows"])
def test_the_end_of_a_line_does_not_matter(device: Device, family: bytes) -> None:
    assert findings(device, LAN.replace(b"\n", family)) == ""

    written = device.file("etc/NetworkManager/system-connections/kiosk-x.nmconnection")
    assert written == LAN


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"uuid=6a4b3a0e-53a5", b"uuid=6a4b", "3:6: [connection] uuid: must be a UUID"),
        (b"id=branch-lan\n", b"", "1:1: [connection] id: is missing; e.g."),
        (b"type=ethernet", b"type=gsm", "4:6: [connection] type: must be ethernet"),
        (b"[ipv4]", b"[ipv44]", "6:1: [ipv44]: unknown; did you mean [ipv4]?"),
        (b"address1=", b"adress=", "8:1: [ipv4] adress: unknown; did you mean addre"),
        (b"/24,10.1.2.1", b"/24,10.9.9.9", "8:10: [ipv4] address1: cannot reach the"),
        (b"10.1.2.30/24", b"10.1.2.300/24", "8:10: [ipv4] address1: must be ADDRESS"),
        (b"10.1.2.30/24", b"10.1.2.30", "8:10: [ipv4] address1: must be ADDRESS"),
        (b"manual", b"static", "7:8: [ipv4] method: must be one of auto, manual"),
        (b"id=branch-lan", b"id branch-lan", "2:1: makes no sense"),
        (b"type=", b"permissions=user:pi:;\ntype=", "4:13: [connection] permissions:"),
        (b"type=", b"autoconnect=false\ntype=", "4:13: [connection] autoconnect:"),
        (b"[ipv4]\nmethod=manual\n", b"[ipv4]\nmethod=manual\n[ipv4]\n", "8:1: [ipv4]"),
    ],
)
def test_a_mistake_has_its_line_and_column(
    device: Device, old: bytes, new: bytes, expected: str
) -> None:
    assert f"network/x.nmconnection:{expected}" in findings(
        device, LAN.replace(old, new)
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"ssid=BRANCH\n", b"", "ssid: is missing"),
        (b"psk=eight-or-more\n", b"", "psk: is missing"),
        (b"psk=eight-or-more", b"psk=short", "must be 8 to 63 characters"),
        (b"psk=e", b"psk-flags=1\npsk=e", "psk-flags: must be 0 or left out"),
        (b"wpa-psk", b"wpa-eap", "needs a section [802-1x]"),
        (b"[wifi]\n", b"[wifi]\nmode=ap\n", "mode: leave it out"),
    ],
)
def test_wifi_needs_what_nobody_can_be_asked_for(
    device: Device, old: bytes, new: bytes, expected: str
) -> None:
    said = findings(device, WLAN.replace(old, new))

    assert expected in said
    assert "eight-or-more" not in said + device.result


def test_a_password_on_the_medium_is_remarked(device: Device) -> None:
    findings(device, WLAN)

    assert "holds a password and stays on the medium" in device.result


def test_certificates_of_802_1x_go_to_a_private_place(device: Device) -> None:
    device.lay_out({**FILES, "network/lan.nmconnection": DOT1X, **CERTIFICATES})

    assert device.apply().verdict is Verdict.APPLIED

    kept = "var/lib/kiosk-provision/network"
    written = device.file(
        "etc/NetworkManager/system-connections/kiosk-lan.nmconnection"
    ).decode()
    assert f"ca-cert=/{kept}/bank-ca.pem" in written
    assert f"private-key=/{kept}/kiosk.key" in written
    assert device.file(f"{kept}/kiosk.key") == b"key"
    assert mode_of(device.root / kept / "kiosk.key") == 0o600
    assert mode_of(device.root / kept) == 0o700


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"=kiosk.key", b"=/home/pi/a7", "must be the bare name of a .pem"),
        (b"=kiosk.key", b"=kiosk.kye", "did you mean kiosk.key?"),
        (b"ca-cert=bank-ca.pem\n", b"", "ca-cert: is missing; without it any switch"),
        (b"eap=tls;", b"eap=tsl;", "eap: must be one of"),
        (b"identity=kiosk-1@bank.example\n", b"", "identity: is missing"),
        (b"private-key-password-flags=4\n", b"", "a key without a password needs"),
    ],
)
def test_802_1x_is_checked_where_it_can_still_be_mended(
    device: Device, old: bytes, new: bytes, expected: str
) -> None:
    content = DOT1X.replace(old, new)
    device.lay_out({**FILES, "network/lan.nmconnection": content, **CERTIFICATES})

    assert expected in "\n".join(device.apply().lines)


def test_two_connections_need_two_names(device: Device) -> None:
    device.lay_out(
        {**FILES, "network/a.nmconnection": LAN, "network/b.nmconnection": LAN}
    )

    said = "\n".join(device.apply().lines)

    assert "network/b.nmconnection:2:4: [connection] id: is that of network/a" in said


def test_what_stays_secret_on_the_stick_is_remarked_file_by_file(
    device: Device,
) -> None:
    key = b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"
    files = {**CERTIFICATES, "network/kiosk.key": key, "network/old.p12": b"sealed"}
    wired = {"network/lan.nmconnection": DOT1X}
    device.lay_out({**FILES, **files, **wired, "network/x.nmconnection": WLAN})

    device.apply()

    stays = [line for line in device.result.splitlines() if "stays on the med" in line]
    named = {line.removeprefix("Note: ").partition(" ")[0] for line in stays}
    assert named == {"network/kiosk.key", "network/old.p12", "network/x.nmconnection"}
    assert "eight-or-more" not in device.result


def test_a_certificate_that_nobody_names_is_remarked(device: Device) -> None:
    device.lay_out({**FILES, **CERTIFICATES})

    remarks = "\n".join(device.apply().remarks)
    assert "network/kiosk.key is named by no connection" in remarks


def test_a_private_authority_is_installed(device: Device, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-nodes",
                "-subj",
                "/CN=Bank",
            ),
            *(
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-keyout",
                str(tmp_path / "ca.key"),
            ),
            *("-out", str(authority)),
        ],
        check=True,
        capture_output=True,
    )
    device.lay_out({**FILES, "ca/bank.pem": authority.read_bytes()})

    assert device.apply().verdict is Verdict.APPLIED

    assert device.file("etc/kiosk/ca/bank.pem") == authority.read_bytes()
    assert mode_of(device.root / "etc/kiosk/ca/bank.pem") == 0o644
