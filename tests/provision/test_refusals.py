"""What is wrong with a bundle is told by file, line and column, all of it at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.provision.outcome import Verdict
from tests.provision.device import DEVICE, FILES, LAN, SECRETS, SERIAL, SITE, Device


def told(device: Device) -> str:
    outcome = device.apply()
    assert outcome.verdict is Verdict.REFUSED
    assert not device.outside()
    assert "NOT APPLIED" in device.result
    return "\n".join(outcome.lines)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"site.toml": b"[room]\nsever = 1\n"}, "site.toml:2:1: [room] sever: unknown"),
        (
            {"site.toml": b'[room]\n  type = "three"\nserver="https://a"\n'},
            "site.toml:2:3: [room] type: must be",
        ),
        ({"site.toml": b'[room]\nserver = "htt'}, "site.toml:2:14: not TOML"),
        ({"site.toml": b"\xef\xbb\xbf[room]\n"}, "site.toml:1:1: begins with a byte"),
        ({"site.toml": b"[kiosk]\n"}, "[room] server: is missing; e.g. server ="),
        ({"site.toml": b""}, "site.toml: is empty; was it copied whole?"),
        (
            {"kiosk.toml": SITE},
            "kiosk.toml: nobody reads this; did you mean site.toml?",
        ),
        ({"ca/x.pem": b"x", "site.toml": None}, "site.toml: is missing; it says"),
        ({"site.toml.txt": SITE}, "name it site.toml (Windows hides endings"),
        ({"secret.toml": SECRETS}, "did you mean secrets.toml?"),
        ({"network/lan.conf": LAN}, "network/lan.conf: nobody reads this"),
        ({"site.toml": SITE + b"#" * 300_000}, "site.toml: is larger than 256 KiB"),
        ({"ca/bank.pem": b"no certificate"}, "ca/bank.pem: holds no certificate"),
        (
            {"ca/bank.pem": b"-----BEGIN PRIVATE KEY-----\n"},
            "ca/bank.pem: holds a private key",
        ),
        (
            {"secrets.toml": b'[room]\nenrolment_kye = "x"\n'},
            "secrets.toml:2:1: [room] enrolment_kye: no such secret; did you mean",
        ),
        (
            {"secrets.toml": b'[room]\nenrolment_key = "short"\n'},
            "secrets.toml:2:1: [room] enrolment_key: ",
        ),
        ({"secrets.toml": b"# none\n"}, "secrets.toml: holds no secret"),
        (
            {f"devices/{SERIAL}.toml": b'[room]\nenrolment_key = "abcd"\n'},
            f"devices/{SERIAL}.toml:2:1: [room] enrolment_key: is a secret",
        ),
        (
            {"site.toml": SITE + b'[network]\nca_file = "/etc/kiosk/ca/bank.pem"\n'},
            "site.toml:4:1: [network] ca_file: no such file is there",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    device: Device, files: dict[str, bytes | None], expected: str
) -> None:
    bundle = {**FILES, **files}
    device.lay_out({name: text for name, text in bundle.items() if text is not None})

    assert expected in told(device)


def test_all_mistakes_are_told_at_once(device: Device) -> None:
    device.lay_out(
        {
            "site.toml": b"[room]\nsever = 1\n",
            f"devices/{SERIAL}.toml": DEVICE.replace(b"name", b"nmae"),
            "network/lan.nmconnection": LAN.replace(b"uuid", b"uiud"),
            "ca/bank.pem": b"",
        }
    )

    said = told(device)

    for file in ("site.toml:2", f"{SERIAL}.toml:2", "lan.nmconnection:3", "ca/bank"):
        assert file in said


def test_no_secret_is_repeated(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": b'[room]\nenrolment_key = "se same!"\n'})

    assert "se same" not in told(device)
    assert "se same" not in device.result


@pytest.mark.parametrize(
    ("put", "expected"),
    [
        (lambda path: path.symlink_to("/etc/shadow"), "is a link"),
        (os.mkfifo, "is a pipe or a device"),
        (lambda path: path.mkdir(), "nobody reads this"),
    ],
    ids=["link", "pipe", "directory"],
)
def test_what_is_no_file_is_refused_and_not_waited_for(
    device: Device, put: Callable[[Path], None], expected: str
) -> None:
    device.lay_out()
    put(device.stick / "secrets.toml")

    assert expected in told(device)


def test_what_desktops_leave_behind_is_overlooked(device: Device) -> None:
    litter = {".DS_Store": b"x", "._site.toml": b"x", "network/._lan.nmconnection": b""}
    device.lay_out({**FILES, **litter})

    assert device.apply().verdict is Verdict.APPLIED


def test_a_mistake_in_a_file_that_was_there_before_is_named_by_its_path(
    device: Device,
) -> None:
    local = device.root / "etc/kiosk/conf.d/90-local.toml"
    local.parent.mkdir(parents=True)
    local.write_text("[room]\ntarget = 3\n")
    device.lay_out()

    outcome = device.apply()

    assert outcome.lines[0].startswith(f"{local}:2: [room] target")


@pytest.mark.parametrize("name", ["site.toml", f"devices/{SERIAL}.toml", "ca/x.pem"])
def test_a_stick_pulled_out_early_is_noticed_by_its_manifest(
    device: Device, name: str
) -> None:
    files = {**FILES, "ca/x.pem": b"x"}
    device.lay_out(files, id="spring")
    (device.stick / name).unlink()

    assert f"{name}: is missing" in told(device)


def test_a_file_of_zeros_is_noticed_by_its_manifest(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS}, id="spring")
    (device.stick / "secrets.toml").write_bytes(bytes(len(SECRETS)))

    assert "secrets.toml: is not the file that was signed" in told(device)


def test_of_other_devices_only_the_presence_is_looked_at(device: Device) -> None:
    files = {**FILES, "devices/10000000c0ffee01.toml": DEVICE}
    device.lay_out(files, id="spring")
    (device.stick / "devices/10000000c0ffee01.toml").write_bytes(b"broken [")

    assert device.apply().verdict is Verdict.APPLIED
