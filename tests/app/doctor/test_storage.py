"""How worn the storage is, as the doctor reads it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from kiosk.app.doctor.check import Check, Verdict
from kiosk.app.doctor.software import look_at_software
from kiosk.app.doctor.storage import look_at_storage


def looked(root: Path, files: dict[str, str]) -> dict[str, Check]:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return {check.what: check for check in look_at_storage(root)}


@pytest.mark.parametrize(
    ("life", "spare", "verdict", "words"),
    [
        ("0x01 0x01", "0x01", Verdict.GOOD, "at most 10 %"),
        ("0x03 0x08", "0x01", Verdict.GOOD, "at most 80 %"),
        ("0x09 0x01", "0x01", Verdict.WARNING, "at most 90 %"),
        ("0x02 0x02", "0x02", Verdict.WARNING, "at most 20 %"),
        ("0x02 0x02", "0x03", Verdict.FAILURE, "past its rated life"),
        ("0x0b 0x01", "0x01", Verdict.FAILURE, "past its rated life"),
        ("0x00 0x00", "0x00", Verdict.GOOD, "does not tell"),
    ],
)
def test_an_emmc_tells_how_much_of_its_life_is_used(
    tmp_path: Path, life: str, spare: str, verdict: Verdict, words: str
) -> None:
    card = "sys/block/mmcblk0/device"
    files = {f"{card}/type": "MMC", f"{card}/name": "BJTD4R"}
    files |= {f"{card}/life_time": life, f"{card}/pre_eol_info": spare}
    check = looked(tmp_path, files)["storage mmcblk0"]

    assert check.verdict is verdict
    assert words in check.evidence
    assert "MMC BJTD4R" in check.evidence
    assert bool(check.cure) is (verdict is not Verdict.GOOD)


def test_a_memory_card_that_tells_nothing_has_nothing_guessed(tmp_path: Path) -> None:
    check = looked(tmp_path, {"sys/block/mmcblk0/device/type": "SD"})["storage mmcblk0"]

    assert check.verdict is Verdict.GOOD
    assert "does not tell" in check.evidence


@pytest.mark.parametrize(
    ("errors", "verdict"), [("0", Verdict.GOOD), ("3", Verdict.FAILURE)]
)
def test_errors_that_ext4_ran_into_are_counted(
    tmp_path: Path, errors: str, verdict: Verdict
) -> None:
    system = "sys/fs/ext4/mmcblk0p2"
    files = {
        f"{system}/errors_count": errors,
        f"{system}/lifetime_write_kbytes": "4200000",
    }
    check = looked(tmp_path, files)["ext4 on mmcblk0p2"]

    assert check.verdict is verdict
    assert f"{errors} errors, 4 GB written" in check.evidence


def test_a_machine_with_neither_is_skipped(tmp_path: Path) -> None:
    assert looked(tmp_path, {})["storage"].verdict is Verdict.SKIPPED


def test_versions_are_told_of_what_is_installed_and_of_nothing_else() -> None:
    def find(name: str) -> str:
        if name != "av":
            raise PackageNotFoundError(name)
        return "14.2.0"

    evidence = look_at_software(find).evidence
    assert evidence.endswith("av 14.2.0")
    assert evidence.startswith("kiosk ")
