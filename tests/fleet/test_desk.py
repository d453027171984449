"""``kiosk fleet`` as an operator types it: list, bundles, keys, signatures."""

from __future__ import annotations

import json
import os

import pytest

from kiosk.provision.connection import findings_of
from kiosk.provision.keyfile import read_keyfile
from kiosk.roomserver.enrolment import hash_of
from kiosk.roomserver.enrolment_file import EnrolmentFile
from tests.fakes.fleet_desk import ROWS, Desk
from tests.fleet.sheets import OTHER, SERIAL


NEW = "10000000abcdef99"


def test_every_device_gets_a_bundle_of_its_own(desk: Desk) -> None:
    status, out, _ = desk.render()

    assert status == os.EX_OK
    assert "2 bundles written, 0 unchanged, 0 removed" in out
    assert sorted(desk.files()) == [
        f"{SERIAL}/kiosk/devices/{SERIAL}.toml",
        f"{SERIAL}/kiosk/network/kiosk.nmconnection",
        f"{SERIAL}/kiosk/site.toml",
        f"{OTHER}/kiosk/devices/{OTHER}.toml",
        f"{OTHER}/kiosk/site.toml",
    ]


def test_a_device_reads_of_itself_only(desk: Desk) -> None:
    desk.render()

    device = desk.toml(f"bundles/{SERIAL}/kiosk/devices/{SERIAL}.toml")

    assert device["kiosk"] == {"name": "Window 1"}
    assert device["room"] == {"target": ["service"], "user_id": "kiosk-1"}


def test_the_same_list_gives_the_same_bytes(desk: Desk) -> None:
    desk.render()
    first = desk.files()
    desk.write(ROWS.replace(f"{OTHER},", f"\n\n{OTHER},"))
    _, out, _ = desk.render()

    assert desk.files() == first
    assert "0 bundles written, 2 unchanged" in out


def test_the_connection_is_one_that_provisioning_takes(desk: Desk) -> None:
    desk.render()

    text = (desk.bundle() / "network/kiosk.nmconnection").read_bytes()

    assert list(findings_of(read_keyfile(text))) == []


def test_keys_are_given_once_and_known_to_the_room_server(desk: Desk) -> None:
    desk.render_with_keys()
    first = desk.toml(f"bundles/{SERIAL}/kiosk/secrets.toml")
    desk.render_with_keys()

    assert desk.toml(f"bundles/{SERIAL}/kiosk/secrets.toml") == first
    key = first["room"]["enrolment_key"]  # type: ignore[index]
    table = EnrolmentFile(desk.folder / "enrolled.toml").read()
    assert table["kiosk-1"].key_hash == hash_of(key)
    assert set(table) == {"kiosk-1", "kiosk-2"}


def test_secrets_stand_in_files_for_their_owner_alone(desk: Desk) -> None:
    desk.render_with_keys()

    for path in (desk.folder / "keys.toml", desk.bundle() / "secrets.toml"):
        assert path.stat().st_mode & 0o077 == 0
    assert (desk.folder / "bundles").stat().st_mode & 0o077 == 0
    assert (
        b"enrolment_key" not in (desk.bundle() / f"devices/{SERIAL}.toml").read_bytes()
    )


def test_a_secret_column_goes_to_the_secrets_and_nobody_is_enrolled(desk: Desk) -> None:
    desk.write(
        f"serial,user_id,secret.room.enrolment_key\n{SERIAL},kiosk-1,{'k' * 32}\n"
    )
    desk.render_with_keys()

    assert desk.toml(f"bundles/{SERIAL}/kiosk/secrets.toml") == {
        "room": {"enrolment_key": "k" * 32}
    }
    assert not (desk.folder / "enrolled.toml").exists()


def test_a_key_that_is_needed_and_no_server_to_tell_is_said(desk: Desk) -> None:
    status, _, err = desk.render("--keys", "keys.toml")

    assert status == os.EX_CONFIG
    assert "2 devices need keys: name the room server's file" in err


def test_keys_that_others_may_read_are_not_used(desk: Desk) -> None:
    desk.render_with_keys()
    (desk.folder / "keys.toml").chmod(0o644)

    status, _, err = desk.render("--keys", "keys.toml", "--enrol", "server.toml")

    assert status == os.EX_CONFIG
    assert "chmod 600" in err


@pytest.mark.parametrize(
    "text",
    [
        "[device]\nx = 1\n",
        "[other]\n",
        "[device.a]\nuser_id = 1\nenrolment_key = 'b'\n",
        "=",
    ],
)
def test_a_file_of_keys_that_makes_no_sense_is_said(desk: Desk, text: str) -> None:
    (desk.folder / "keys.toml").write_text(text)
    (desk.folder / "keys.toml").chmod(0o600)

    status, _, err = desk.render("--keys", "keys.toml", "--enrol", "server.toml")

    assert status == os.EX_CONFIG
    assert "keys.toml: is no file of keys" in err


def test_who_takes_anothers_place_gets_the_identity_and_a_key_of_its_own(
    desk: Desk,
) -> None:
    desk.render_with_keys()
    old = desk.toml(f"bundles/{SERIAL}/kiosk/secrets.toml")
    status, out, _ = desk.run("replace", "fleet.csv", SERIAL, NEW)
    desk.render_with_keys()

    assert status == os.EX_OK
    assert f"{NEW} takes the place of {SERIAL}" in out
    assert not desk.bundle(SERIAL).exists()
    device = desk.toml(f"bundles/{NEW}/kiosk/devices/{NEW}.toml")
    assert device["room"] == {"target": ["service"], "user_id": "kiosk-1"}
    new = desk.toml(f"bundles/{NEW}/kiosk/secrets.toml")
    assert new != old
    hashed = EnrolmentFile(desk.folder / "enrolled.toml").read()["kiosk-1"].key_hash
    assert hashed == hash_of(new["room"]["enrolment_key"])  # type: ignore[index]
    assert SERIAL not in (desk.folder / "keys.toml").read_text()


def test_a_mistake_is_told_where_it_stands_and_nothing_is_written(desk: Desk) -> None:
    desk.write(f"serial,label,hours.mon\n{SERIAL},Window 1,9-25\n{OTHER},,closed\n")

    status, _, err = desk.render()

    assert status == os.EX_CONFIG
    assert 'fleet.csv:2: column 3 "hours.mon": [hours] mon: ' in err
    assert err.count("\n") == 1
    assert not (desk.folder / "bundles").exists()


def test_what_all_devices_lack_is_told_once(desk: Desk) -> None:
    (desk.folder / "site.toml").write_text("")

    status, _, err = desk.render()

    assert status == os.EX_CONFIG
    assert err.count("\n") == 1
    assert "fleet.csv:2 and 1 more: [room] server: is missing" in err


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"[room", "site.toml: not TOML"), (b"\xff", "is not UTF-8")],
)
def test_a_shared_part_that_is_none_is_said(
    desk: Desk, content: bytes, reason: str
) -> None:
    (desk.folder / "site.toml").write_bytes(content)

    assert reason in desk.render()[2]


def test_a_list_and_its_bundles_are_judged_without_writing(desk: Desk) -> None:
    before = set(desk.folder.iterdir())
    checked = desk.run("check", "fleet.csv", "--site", "site.toml")

    assert set(desk.folder.iterdir()) == before
    assert checked[0] == os.EX_OK
    assert "2 devices" in checked[1]

    desk.render()
    assert json.loads(desk.run("check", "bundles", "--json")[1])["devices"] == 2


def test_a_bundle_somebody_broke_is_found(desk: Desk) -> None:
    desk.render()
    path = desk.bundle() / f"devices/{SERIAL}.toml"
    path.write_text(path.read_text() + '\n[camera]\npreset = "4k"\n')
    (desk.bundle(OTHER) / "site.toml").write_text("[room")

    status, _, err = desk.run("check", "bundles")

    assert status == os.EX_CONFIG
    assert f"{SERIAL}.toml:12: [camera] preset: must be" in err
    assert "site.toml:1: not TOML" in err


def test_a_directory_without_bundles_is_said(desk: Desk) -> None:
    (desk.folder / "bundles").mkdir()

    assert "holds no bundle" in desk.run("check", "bundles")[2]


def test_without_a_shared_part_a_row_may_say_everything(desk: Desk) -> None:
    desk.write(f"serial,server\n{SERIAL},https://rooms.example.org\n")

    status, _, _ = desk.run("render", "fleet.csv", "--out", "bundles")

    assert status == os.EX_OK
    assert sorted(desk.files()) == [f"{SERIAL}/kiosk/devices/{SERIAL}.toml"]


def test_connections_and_authorities_for_all_come_into_every_bundle(desk: Desk) -> None:
    (desk.folder / "wifi.nmconnection").write_text("[connection]\n")
    (desk.folder / "bank-ca.pem").write_text("...")

    desk.render("--network", "wifi.nmconnection", "--ca", "bank-ca.pem", "--json")

    assert (desk.bundle(OTHER) / "network/wifi.nmconnection").is_file()
    assert (desk.bundle(OTHER) / "ca/bank-ca.pem").is_file()
