"""Rows become devices; what a row may say, and that nobody is there twice."""

from __future__ import annotations

import pytest

from kiosk.fleet.addressing import keyfile
from kiosk.fleet.columns import UnknownColumn, column_of
from tests.fleet.sheets import OTHER, SERIAL, devices, mistakes


def test_a_row_sets_what_its_columns_name() -> None:
    (device,) = devices(
        "Serial,Label,room,user id,camera.picture_rate,call.consent,buttons.call,"
        "display.diagonal_inches,speaker.level\n"
        f'{SERIAL.upper()},Window 1,service | vip,kiosk-1,25,Yes,17,"15,6",\n'
    )

    assert device.serial == SERIAL
    assert device.table == {
        "kiosk": {"name": "Window 1"},
        "room": {"target": ["service", "vip"], "user_id": "kiosk-1"},
        "camera": {"picture_rate": 25},
        "call": {"consent": True},
        "buttons": {"call": 17},
        "display": {"diagonal_inches": 15.6},
    }
    assert device.columns["room", "target"] == "room"


def test_a_key_of_a_keypad_is_text_where_a_pin_is_a_number() -> None:
    (device,) = devices(f"serial,buttons.call\n{SERIAL},KEY_ENTER\n")

    assert device.table["buttons"]["call"] == "KEY_ENTER"


def test_a_serial_number_of_other_devices_keeps_its_letters() -> None:
    assert devices("serial\nBranch-7_DOOR\n")[0].serial == "Branch-7_DOOR"


def test_secrets_are_kept_apart_and_out_of_sight() -> None:
    (device,) = devices(f"serial,secret.room.enrolment_key\n{SERIAL},hush-hush-hush\n")

    assert device.table == {}
    assert device.secrets == {"room": {"enrolment_key": "hush-hush-hush"}}
    assert "hush" not in repr(device)


def test_a_retired_device_is_known_and_gets_nothing() -> None:
    retired, active = devices(f"serial,label,status\n{OTHER},x,Retired\n{SERIAL},y,\n")

    assert retired.is_retired
    assert not retired.table
    assert not active.is_retired


def test_columns_of_no_use_are_ignored_when_somebody_says_so() -> None:
    (device,) = devices(f"serial,Asset tag\n{SERIAL},4711\n", ignored=["Asset tag"])

    assert device.table == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("label\na\n", 'fleet.csv:1: a column "serial" is needed'),
        (
            "serial,gatway\n",
            'column 2 "gatway": is no column of ours; did you mean "gat',
        ),
        ("serial,zzzz\n", 'if it is of no use here, add --ignore "zzzz"'),
        ("serial,room.enrolment_key\n", 'name the column "secret.room.enrolment_key"'),
        ("serial,secret.room.target\n", "is no column of ours"),
        ("serial,texts.en\n", "is no column of ours"),
        ("serial,label,kiosk.name\n", 'column 3 "kiosk.name": sets what "label" sets'),
        ("serial\n", "fleet.csv: names no device"),
        ("serial\n1,0E+15\n".replace("1,0", "1.0"), "lost its digits"),
        ('serial\n"1,00000001234568E+15"\n', "lost its digits"),
        ("serial,label\n,a\n", 'fleet.csv:2: column 1 "serial": is empty'),
        ("serial\na b\n", "must be 1 to 64 letters, digits, - and _"),
        (
            f"serial,status\n{SERIAL},broken\n",
            'column 2 "status": must be "active", "r',
        ),
        (f"serial,camera.picture_rate\n{SERIAL},x\n", "must be a whole number"),
        (f"serial,display.diagonal_inches\n{SERIAL},x\n", "must be a number"),
        (f"serial,call.consent\n{SERIAL},x\n", "must be true or false"),
        (f"serial\n{SERIAL}\n{SERIAL.upper()}\n", "fleet.csv:3: column 1"),
        (
            f"serial,status\n{SERIAL},\n{SERIAL},retired\n",
            'column 1 "serial": is that of line 2 already',
        ),
        (
            f"serial,user_id\n{SERIAL},kiosk-1\n{OTHER},kiosk-1\n",
            'fleet.csv:3: column 2 "user_id": is that of line 2 already',
        ),
        (
            f"serial,ip\n{SERIAL},10.1.2.3/24\n{OTHER},10.1.2.3/16\n",
            'column 2 "ip": is that of line 2 already; behind routers: --same-ip',
        ),
    ],
)
def test_a_mistake_is_told_with_line_and_column(text: str, reason: str) -> None:
    assert reason in "\n".join(mistakes(text))


def test_a_column_to_ignore_that_is_not_there_is_a_slip() -> None:
    said = mistakes(f"serial\n{SERIAL}\n", ignored=["Aset"])

    assert said == ('fleet.csv:1: there is no column "Aset" to ignore',)


def test_branches_behind_routers_may_have_one_address() -> None:
    both = devices(
        f"serial,ip\n{SERIAL},10.1.2.3/24\n{OTHER},10.1.2.3/24\n", same_ip=True
    )

    assert len(both) == 2


def test_mistakes_come_in_the_order_of_the_lines() -> None:
    said = mistakes(f"serial,ip\n{SERIAL},x/24\n{OTHER},\n{OTHER},\nx y,\n")

    assert [line.split(":")[1] for line in said] == ["2", "4", "5"]


def test_an_unknown_column_says_what_is_near() -> None:
    with pytest.raises(UnknownColumn, match=r'did you mean "camera\.device"'):
        column_of("camera.devise")


WIRED = "serial,ip,prefix,netmask,gateway,dns,interface,vlan\n"


def test_a_fixed_address_becomes_a_connection() -> None:
    (device,) = devices(
        f"{WIRED}{SERIAL},10.1.2.30/24,,,10.1.2.1,10.1.2.53 10.1.2.54,,\n"
    )
    assert device.wire is not None

    text = keyfile(device.wire, device.serial)

    assert "type=ethernet\n" in text
    assert "address1=10.1.2.30/24,10.1.2.1\n" in text
    assert "dns=10.1.2.53;10.1.2.54;\n" in text
    assert "[ipv6]\nmethod=auto\n" in text
    assert text == keyfile(device.wire, device.serial)


@pytest.mark.parametrize("row", ["10.1.2.30,24,,,,,", "10.1.2.30,,255.255.255.0,,,,"])
def test_the_prefix_may_stand_in_a_column_of_its_own(row: str) -> None:
    (device,) = devices(f"{WIRED}{SERIAL},{row}\n")
    assert device.wire is not None

    assert "address1=10.1.2.30/24\n" in keyfile(device.wire, SERIAL)


def test_a_vlan_runs_on_its_interface() -> None:
    (device,) = devices(f"{WIRED}{SERIAL},10.1.2.30/24,,,,,eth0,100\n")
    assert device.wire is not None

    assert "[vlan]\nid=100\nparent=eth0\n" in keyfile(device.wire, SERIAL)


def test_an_interface_may_be_named_and_the_address_be_of_version_six() -> None:
    (device,) = devices(f"{WIRED}{SERIAL},fd00::30/64,,,fd00::1,fd00::53,eth1,\n")
    assert device.wire is not None

    text = keyfile(device.wire, SERIAL)

    assert "interface-name=eth1\n" in text
    assert (
        "[ipv6]\nmethod=manual\naddress1=fd00::30/64,fd00::1\ndns=fd00::53;\n" in text
    )
    assert "[ipv4]\nmethod=disabled\n" in text


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,,10.1.2.1,,,", '"gateway": needs an ip in the same row'),
        ("10.1.2.30,,,,,,", '"ip": needs the length of its network'),
        ("10.1.2.30/24,24,,,,,", '"prefix": says again what ip says'),
        ("10.1.2.30/240,,,,,,", '"ip": is no length of a prefix'),
        ("10.1.2.30,,255.0.255.0,,,,", '"netmask": is no length of a prefix, e.g. 255'),
        ("10.1.2.300/24,,,,,,", '"ip": is no address'),
        ("/24,,,,,,", '"ip": is no address'),
        ("10.1.2.30/24,,,,fd00::53,,", '"dns": must be IPv4 as the ip is'),
        ("127.0.0.1/8,,,,,,", '"ip": is no address that a device can have'),
        ("10.1.2.255/24,,,,,,", '"ip": is the first or last of 10.1.2.0/24'),
        ("10.1.2.30/24,,,10.9.2.1,,,", '"gateway": cannot be reached'),
        ("10.1.2.30/24,,,10.1.2.30,,,", '"gateway": is the device'),
        ("10.1.2.30/24,,,x,,,", '"gateway": is no address'),
        ("10.1.2.30/24,,,,10.1.2,,", '"dns": is no address'),
        ("10.1.2.30/24,,,,,eth 0,", '"interface": is no network interface'),
        ("10.1.2.30/24,,,,,eth0,5000", '"vlan": must be from 1 to 4094'),
        ("10.1.2.30/24,,,,,eth0,x", '"vlan": must be from 1 to 4094'),
        ("10.1.2.30/24,,,,,,7", '"vlan": needs the interface it runs on'),
    ],
)
def test_a_wrong_address_is_told_with_its_column(row: str, reason: str) -> None:
    said = mistakes(f"{WIRED}{SERIAL},{row}\n")

    assert len(said) == 1
    assert said[0].startswith("fleet.csv:2: column ")
    assert reason in said[0]
