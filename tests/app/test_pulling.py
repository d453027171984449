"""``kiosk pull`` on a directory tree: from a real server into provisioning."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kiosk.cli import main
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.own_thread import on_its_own_thread
from tests.fakes.web_server import WebServer, refusing, serving, whole
from tests.pull.bundles import bundle
from tests.signed.signer import Signer


SERIAL = "10000000abcdef01"
SITE = b'[room]\nserver = "https://rooms.example.org"\n'
FILES = {"site.toml": SITE, f"devices/{SERIAL}.toml": b'[kiosk]\nname = "Window 1"\n'}
BANK = Signer(1)


def machine(root: Path, server: WebServer, network: str = "") -> Path:
    """Lay out a kiosk that knows its server, its serial number and one key."""
    for name, content in {
        "sys/firmware/devicetree/base/serial-number": SERIAL.encode() + b"\0",
        "etc/kiosk/keys/bank.pem": BANK.pem,
        "etc/kiosk/kiosk.toml": (
            '[room]\nserver = "https://rooms.example.org"\n'
            f'[network]\nca_file = "{server.ca}"\n{network}'
            f'[provision]\nurl = "{server.url.replace("bundle", "{serial}")}"\n'
        ).encode(),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def pull(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    status = main(["pull", "--root", str(root), "--json"])
    out = capsys.readouterr().out
    return status, json.loads(out) if out else {}


def test_a_signed_bundle_becomes_the_kiosks_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path, whole(bundle(FILES, BANK))) as server:
        root = machine(tmp_path / "root", server)
        first, second = pull(root, capsys), pull(root, capsys)

    assert first[0] == os.EX_OK
    assert (first[1]["looked"], first[1]["text"]) == ("done", "APPLIED")
    assert second[1]["looked"] == "unchanged"
    assert server.asked[0].path == f"/{SERIAL}.tar"
    name = (root / "etc/kiosk/conf.d/70-device.toml").read_bytes()
    assert name.startswith(FILES[f"devices/{SERIAL}.toml"])


def test_a_branch_pulls_through_its_proxy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"files.invalid": "127.0.0.1"}
    answer = whole(bundle(FILES, BANK))
    with (
        serving(tmp_path, answer, host="files.invalid") as server,
        on_its_own_thread("proxy", lambda: connect_proxy(names)) as (_, proxy),
    ):
        network = f'proxy = "http://127.0.0.1:{proxy.port}"\n'
        root = machine(tmp_path / "root", server, network)
        status, told = pull(root, capsys)

    assert (status, told["text"]) == (os.EX_OK, "APPLIED")
    assert proxy.asked[0].startswith("CONNECT files.invalid:")


def test_a_bundle_with_a_mistake_is_refused_by_provisioning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {**FILES, "site.toml": b'[room]\nserver = "rooms"\n'}
    with serving(tmp_path, whole(bundle(wrong, BANK))) as server:
        root = machine(tmp_path / "root", server)
        status, told = pull(root, capsys)

    assert status == os.EX_CONFIG
    assert "site.toml:2" in told["text"]
    assert not (root / "etc/kiosk/conf.d").exists()


def test_a_strangers_bundle_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path, whole(bundle(FILES, Signer(9)))) as server:
        root = machine(tmp_path / "root", server)

        status = main(["pull", "--root", str(root)])

    assert status == os.EX_TEMPFAIL
    assert "this kiosk trusts only" in capsys.readouterr().err
    assert not (root / "etc/kiosk/conf.d").exists()


def test_a_server_that_has_nothing_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path, refusing("404 Not Found")) as server:
        status = main(["pull", "--root", str(machine(tmp_path / "root", server))])

    assert status == os.EX_TEMPFAIL
    assert "HTTP 404" in capsys.readouterr().err


def test_a_kiosk_without_an_address_looks_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pull", "--root", str(tmp_path)]) == os.EX_OK
    assert "this kiosk looks nowhere" in capsys.readouterr().err
