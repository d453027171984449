"""``kiosk fleet`` signs bundles and updates, and keeps the keys to itself."""

from __future__ import annotations

import os
import tarfile

import pytest

from kiosk.signed import check_folder, read_keys, read_manifest, verify
from tests.fakes.fleet_desk import ROWS, Desk
from tests.fleet.sheets import OTHER, SERIAL


def test_signed_bundles_are_what_a_kiosk_with_the_public_key_takes(desk: Desk) -> None:
    desk.render_with_keys()
    desk.make_key()
    desk.run("sign", "bundles", "--key", "bank.key", "--ring", "10")
    (desk.folder / "etc/kiosk/keys").mkdir(parents=True)
    (desk.folder / "bank.pem").rename(desk.folder / "etc/kiosk/keys/bank.pem")

    folder = desk.bundle()
    manifest = verify(
        (folder / "manifest.toml").read_bytes(),
        (folder / "manifest.toml.sig").read_bytes(),
        read_keys(desk.folder),
    )

    check_folder(manifest, folder)
    assert (manifest.kind, manifest.ring) == ("provision", 10)
    assert "secrets.toml" in manifest.by_name


def test_an_archive_for_a_web_server_holds_no_secret(desk: Desk) -> None:
    desk.render_with_keys()
    desk.make_key()
    desk.run("sign", "bundles", "--key", "bank.key")

    with tarfile.open(desk.folder / f"bundles/{SERIAL}.tar") as tar:
        names = tar.getnames()
    assert names[:2] == ["manifest.toml", "manifest.toml.sig"]
    assert "secrets.toml" not in names

    desk.run("sign", "bundles", "--key", "bank.key", "--with-secrets")
    with tarfile.open(desk.folder / f"bundles/{SERIAL}.tar") as tar:
        assert "secrets.toml" in tar.getnames()


@pytest.mark.parametrize(
    "secret",
    ["psk=hush hush", " psk = hush hush", "wep-key0=hush", "leap-password\t=hush"],
)
def test_a_connection_with_a_password_is_not_published(desk: Desk, secret: str) -> None:
    (desk.folder / "wifi.nmconnection").write_text(f"[wifi-security]\n{secret}\n")
    desk.render("--network", "wifi.nmconnection")
    desk.make_key()

    status, _, err = desk.run("sign", "bundles", "--key", "bank.key")

    assert status == os.EX_CONFIG
    assert "network/wifi.nmconnection: holds a secret" in err
    assert desk.run("sign", "bundles", "--key", "bank.key", "--with-secrets")[0] == 0


@pytest.mark.parametrize("sign", ["=", " = "])
def test_a_password_in_any_other_file_is_not_published(desk: Desk, sign: str) -> None:
    desk.render()
    devices, *_ = sorted((desk.folder / "bundles").glob("*/kiosk/devices/*.toml"))
    with devices.open("a") as file:
        file.write(f'[network]\nproxy_password{sign}"hush hush"\n')
    desk.make_key()

    status, _, err = desk.run("sign", "bundles", "--key", "bank.key")

    assert status == os.EX_CONFIG
    assert "holds a secret" in err


def test_a_store_of_keys_is_not_published(desk: Desk) -> None:
    (desk.folder / "window.p12").write_bytes(b"0\x82\n\x06 of another kind")
    (desk.folder / "lan.nmconnection").write_text(
        "[802-1x]\nprivate-key=window.p12\nprivate-key-password-flags=4\n"
    )
    desk.render("--network", "lan.nmconnection", "--network", "window.p12")
    desk.make_key()

    status, _, err = desk.run("sign", "bundles", "--key", "bank.key")

    assert status == os.EX_CONFIG
    assert "network/window.p12: holds a secret" in err


def test_how_a_password_is_kept_is_no_secret(desk: Desk) -> None:
    (desk.folder / "lan.nmconnection").write_text(
        "[802-1x]\npassword-flags=1\npassword=\nprivate-key-password-flags = 4\n"
    )
    desk.render("--network", "lan.nmconnection")
    desk.make_key()

    assert desk.run("sign", "bundles", "--key", "bank.key")[0] == 0


def test_a_bundle_that_did_not_change_keeps_its_id_and_its_signature(
    desk: Desk,
) -> None:
    desk.render()
    desk.make_key()
    time = ["--created", "2026-11-28T14:00:00Z"]
    desk.run("sign", "bundles", "--key", "bank.key", *time)
    first = desk.files()
    desk.write(ROWS.replace("Window 2", "Window 3"))
    desk.render()

    changed = {name for name in first if desk.files().get(name) != first[name]}
    assert changed == {
        f"{OTHER}.tar",
        f"{OTHER}/kiosk/devices/{OTHER}.toml",
        f"{OTHER}/kiosk/manifest.toml",
        f"{OTHER}/kiosk/manifest.toml.sig",
    }

    desk.run("sign", "bundles", "--key", "bank.key", *time)
    assert desk.files()[f"{SERIAL}.tar"] == first[f"{SERIAL}.tar"]


def test_another_ring_is_the_same_bundle_under_a_newer_signature(desk: Desk) -> None:
    desk.render()
    desk.make_key()
    folder = desk.bundle()
    manifests = []
    for ring in ("1", "0"):
        desk.run("sign", "bundles", "--key", "bank.key", "--ring", ring)
        manifests.append(read_manifest((folder / "manifest.toml").read_bytes()))

    assert manifests[0].id == manifests[1].id
    assert [manifest.ring for manifest in manifests] == [1, 0]
    assert manifests[0].created <= manifests[1].created


def test_an_update_is_signed_the_same_way(desk: Desk) -> None:
    (desk.folder / "release").mkdir()
    (desk.folder / "release/update.tar.zst").write_bytes(b"...")
    desk.make_key()
    words = [
        "sign",
        "release",
        "--kind",
        "update",
        "--key",
        "bank.key",
        "--about",
        "version=1.4.0",
    ]

    status, out, _ = desk.run(*words, "--allow-older", "--id", "release-1.4.0")

    manifest = read_manifest((desk.folder / "release/manifest.toml").read_bytes())
    assert status == os.EX_OK
    assert "release: release-1.4.0" in out
    assert manifest.kind == "update"
    assert manifest.about == {"version": "1.4.0"}
    assert manifest.allow_older


def test_a_key_may_be_locked_with_a_passphrase(desk: Desk) -> None:
    (desk.folder / "phrase").write_text("correct horse\n")
    (desk.folder / "wrong").write_text("incorrect horse\n")
    desk.render()
    desk.run("key", "bank", "--out", str(desk.folder), "--passphrase-file", "phrase")
    sign = ["sign", "bundles", "--key", "bank.key"]

    assert "has a passphrase" in desk.run(*sign)[2]
    assert (
        "its passphrase is another" in desk.run(*sign, "--passphrase-file", "wrong")[2]
    )
    assert desk.run(*sign, "--passphrase-file", "phrase")[0] == os.EX_OK
    desk.make_key("open")
    sign[-1] = "open.key"
    assert "has none" in desk.run(*sign, "--passphrase-file", "phrase")[2]


def test_a_key_is_never_overwritten_nor_read_by_others(desk: Desk) -> None:
    desk.render()
    desk.make_key()
    again = desk.run("key", "bank", "--out", str(desk.folder))
    (desk.folder / "bank.key").chmod(0o644)

    assert again[0] == os.EX_TEMPFAIL
    assert "chmod 600" in desk.run("sign", "bundles", "--key", "bank.key")[2]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--key", "site.toml"], "is no Ed25519 key"),
        (["--key", "bank.key", "--ring", "101"], "ring must be a whole number"),
        (["--key", "bank.key", "--about", "x"], "--about needs NAME=TEXT"),
        (["--key", "bank.key", "--created", "today"], "must look like"),
    ],
)
def test_what_cannot_be_signed_is_said(
    desk: Desk, words: list[str], reason: str
) -> None:
    desk.render()
    desk.make_key()
    (desk.folder / "site.toml").chmod(0o600)

    status, _, err = desk.run("sign", "bundles", *words)

    assert status != os.EX_OK
    assert reason in err


@pytest.mark.parametrize("name", ["a b", ".hidden"])
def test_a_file_with_another_name_is_not_signed(desk: Desk, name: str) -> None:
    desk.render()
    desk.make_key()
    (desk.bundle() / name).write_text("")

    assert "is not allowed" in desk.run("sign", "bundles", "--key", "bank.key")[2]


def test_a_link_is_not_signed(desk: Desk) -> None:
    desk.render()
    desk.make_key()
    (desk.bundle() / "link").symlink_to("/etc/passwd")

    assert "is no plain file" in desk.run("sign", "bundles", "--key", "bank.key")[2]


def test_what_a_killed_run_left_behind_does_no_harm(desk: Desk) -> None:
    leftover = desk.folder / "bundles" / f".{SERIAL}.new" / "kiosk"
    leftover.mkdir(parents=True)
    (leftover / "junk").write_text("")

    desk.render()

    assert not any("junk" in name for name in desk.files())


def test_somebody_elses_folders_are_left_alone(desk: Desk) -> None:
    (desk.folder / "bundles/notes").mkdir(parents=True)
    (desk.folder / "bundles/notes/read.me").write_text("mine")

    desk.render()

    assert desk.files()["notes/read.me"] == b"mine"


def test_two_thousand_devices_are_no_more_work_than_two(desk: Desk) -> None:
    rows = [f"10000000{number:08x},Window 1,kiosk-{number}" for number in range(2000)]
    desk.write("\n".join(["serial,label,user_id", *rows]) + "\n")

    status, out, _ = desk.run("check", "fleet.csv", "--site", "site.toml")

    assert status == os.EX_OK
    assert "2000 devices" in out
