"""What names a device, and what is said of where the name comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.provision.identity import NOTED, identity_of


BOARD = "sys/firmware/devicetree/base/serial-number"
DMI = "sys/class/dmi/id/product_serial"


def lay(root: Path, place: str, content: bytes) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(content)


def test_a_raspberry_pi_is_named_by_its_board(tmp_path: Path) -> None:
    lay(tmp_path, BOARD, b"10000000abcdef01\0")
    lay(tmp_path, DMI, b"PC123\n")

    identity = identity_of(tmp_path)

    assert identity.serial == "10000000abcdef01"
    assert identity.source == "the board's serial number"


def test_a_pc_is_named_by_its_maker_as_root_found_it(tmp_path: Path) -> None:
    lay(tmp_path, DMI, b"CZC 12/345\n")
    found = identity_of(tmp_path)
    (tmp_path / DMI).unlink()  # only root may read it
    lay(tmp_path, NOTED, found.serial.encode())

    assert identity_of(tmp_path) == found
    assert found.serial == "CZC-12-345"


@pytest.mark.parametrize(
    "text", [b"", b"Not Specified\n", b"To be filled by O.E.M.\n", b"0000000000\n"]
)
def test_what_makers_write_for_no_number_is_none(tmp_path: Path, text: bytes) -> None:
    lay(tmp_path, DMI, text)
    lay(tmp_path, "etc/machine-id", b"0123456789abcdef0123456789abcdef\n")

    identity = identity_of(tmp_path)

    assert identity.serial.startswith("machine-")
    assert "0123456789abcdef" not in identity.serial
    assert "machine-id" in identity.source
