"""An update's file into the slot that does not run: what is taken, what is refused."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.errors import KioskError, NotAsSigned, UpdateFailed, UpdateRefused
from kiosk.update.record import Record, Records, Stage
from tests.signed.signer import Signer
from tests.update.artefacts import (
    SIGNER,
    image,
    payload_of,
    resigned,
    sparse,
    update,
)
from tests.update.machines import (
    MACHINES,
    MIB,
    SIZES,
    GrubPc,
    RaspberryPi,
    TwoSlots,
    system_of,
)
from tests.update.updating import trust, updating


STRANGER = Signer(9)


@pytest.fixture(params=MACHINES, ids=lambda kind: kind.__name__)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> TwoSlots:
    found: TwoSlots = request.param(tmp_path / "machine")
    trust(found.root, SIGNER)
    return found


@pytest.fixture
def pc(tmp_path: Path) -> GrubPc:
    found = GrubPc(tmp_path / "pc")
    trust(found.root, SIGNER)
    return found


def everything(root: Path) -> dict[str, bytes]:
    """All partitions and the choice of the slot."""
    files = [*(root / "dev").glob("[mv]*"), *(root / "bootfs").rglob("*")]
    return {str(path): path.read_bytes() for path in files if path.is_file()}


def test_an_update_is_in_the_other_slot_bit_for_bit_and_boots_on_trial(
    machine: TwoSlots, tmp_path: Path
) -> None:
    file = update(tmp_path)
    said: list[Stage] = []
    updater = updating(machine.root, said.append)

    release = updater.write(file)
    record = updater.set_trial(had_network=True)

    assert said == [Stage.VERIFYING, Stage.WRITING, Stage.WRITTEN, Stage.TRIAL]
    assert system_of(machine.root, "b") == image("system 1.4.0", SIZES["system"])
    boot = machine.slots.target("boot").read_bytes()
    assert boot == image("boot 1.4.0", SIZES["boot"])
    assert system_of(machine.root, "a").startswith(b"first system_a")
    assert (release.version, record.slot, record.had_network) == ("1.4.0", "b", True)
    assert Records(machine.root).read() == record
    assert machine.restart() == "b"


def test_images_that_are_not_sparse_are_taken_as_they_are(
    pc: GrubPc, tmp_path: Path
) -> None:
    plain = {"system": image("plain", MIB), "boot": image("kernel", MIB)}

    updating(pc.root).write(update(tmp_path, members=plain))

    assert system_of(pc.root, "b")[:MIB] == plain["system"]


def test_the_folder_that_a_file_was_unpacked_into_will_do(
    pc: GrubPc, tmp_path: Path
) -> None:
    folder = tmp_path / "unpacked"
    with tarfile.open(update(tmp_path)) as tar:
        tar.extractall(folder, filter="data")

    updating(pc.root).write(folder)

    assert system_of(pc.root, "b") == image("system 1.4.0", SIZES["system"])
    (folder / "manifest.toml.sig").write_bytes(b"x" * 100_000)
    with pytest.raises(UpdateRefused, match="too large"):
        updating(pc.root).write(folder)


def test_an_update_without_a_trial_changes_nothing_of_what_boots(
    machine: TwoSlots, tmp_path: Path
) -> None:
    updating(machine.root).write(update(tmp_path))

    assert machine.restart() == "a"
    assert Records(machine.root).read().stage is Stage.WRITTEN


def test_what_was_written_before_is_not_written_again(
    pc: GrubPc, tmp_path: Path
) -> None:
    file = update(tmp_path)
    updating(pc.root).write(file)
    said: list[Stage] = []

    updating(pc.root, said.append).write(file)

    assert said == [Stage.WRITTEN]


def test_what_was_written_before_and_changed_since_is_written_again(
    pc: GrubPc, tmp_path: Path
) -> None:
    file = update(tmp_path)
    updating(pc.root).write(file)
    with pc.slots.target("system").open("r+b") as partition:
        partition.write(b"worn out")
    said: list[Stage] = []

    updating(pc.root, said.append).write(file)

    assert Stage.WRITING in said
    assert system_of(pc.root, "b") == image("system 1.4.0", SIZES["system"])


def old_version(root: Path) -> None:
    (root / "etc/os-release").write_text('ID=debian\nIMAGE_VERSION="1.5"\n')


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:2600])


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def nothing(file: Path) -> None:
    """Leave it as it is."""


@pytest.mark.parametrize(
    ("made", "damage", "told"),
    [
        ({"signer": STRANGER}, nothing, (NotAsSigned, "trusts only")),
        ({}, lambda file: flip(file, 600), (NotAsSigned, "was altered")),
        ({}, lambda file: flip(file, 2600), (NotAsSigned, "damaged or cut off")),
        ({}, cut, (NotAsSigned, "damaged or cut off")),
        ({}, lambda file: file.write_bytes(b""), (UpdateRefused, "no manifest.toml")),
        (
            {},
            lambda file: file.write_bytes(b"x" * 5000),
            (UpdateRefused, "no manifest.toml"),
        ),
        (
            {"boards": ["raspberrypi,3-model-b"]},
            nothing,
            (
                UpdateRefused,
                "for raspberrypi,3-model-b, and this board is pc,x86_64; take the update",
            ),
        ),
        ({"version": "1.4.9"}, nothing, (UpdateRefused, "older than 1.5, which runs")),
        ({"size": 4 * MIB}, nothing, (UpdateRefused, "there is room for 3145728")),
    ],
    ids=(
        *("wrong key", "manifest altered", "damaged", "cut off", "empty", "no update"),
        *("wrong board", "older", "too large"),
    ),
)
def test_what_is_refused_is_told_in_one_line_and_nothing_is_written(
    pc: GrubPc,
    tmp_path: Path,
    made: dict[str, object],
    damage: Callable[[Path], None],
    told: tuple[type[KioskError], str],
) -> None:
    error, words = told
    file = update(tmp_path, **({"version": "1.6"} | made))  # type: ignore[arg-type]
    damage(file)
    old_version(pc.root)
    before = everything(pc.root)

    with pytest.raises(error, match=words) as refusal:
        updating(pc.root).write(file)

    assert "\n" not in str(refusal.value)
    assert everything(pc.root) == before
    assert pc.restart() == "a"


def test_who_asks_for_it_goes_back_to_an_older_version(
    pc: GrubPc, tmp_path: Path
) -> None:
    old_version(pc.root)

    updating(pc.root).write(update(tmp_path, "1.4.9"), allow_older=True)

    assert Records(pc.root).read().version == "1.4.9"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"system": b"s", "boot": b"b", "kernel": b"k"}, "'kernel', which is no image"),
        ({"system": b"s"}, "holds no image boot"),
        ({"boot": b"b"}, "holds no image system"),
        ({"system": sparse(image("s", MIB))[:-900], "boot": b"b"}, "ends too early"),
        ({"system": b"\x3a\xff\x26\xed" + b"\xff" * 60, "boot": b"b"}, "sparse form"),
    ],
)
def test_a_payload_that_is_none_is_told_by_who_packs_it(
    members: dict[str, bytes], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UpdateRefused, match=words):
        update(tmp_path, members=members)


def test_images_that_are_not_the_signed_ones_fail_before_any_trial(
    pc: GrubPc, tmp_path: Path
) -> None:
    """Somebody with the key signed a payload and named other images."""
    good = update(tmp_path)
    other = payload_of({"system": image("evil", 3 * MIB), "boot": image("x", MIB)})
    file = resigned(good, other)

    with pytest.raises(UpdateFailed, match="not the one that was signed"):
        updating(pc.root).write(file)

    record = Records(pc.root).read()
    assert record.stage is Stage.FAILED
    assert "not the one that was signed" in record.reason
    with pytest.raises(UpdateRefused, match="no update waits"):
        updating(pc.root).set_trial(had_network=True)
    assert pc.restart() == "a"


def test_what_failed_here_is_not_tried_again_by_itself(
    pc: GrubPc, tmp_path: Path
) -> None:
    file = update(tmp_path)
    Records(pc.root).keep(Record(failed=("kiosk-1.4.0",)))

    with pytest.raises(UpdateRefused, match="failed here before"):
        updating(pc.root).write(file, by_hand=False)
    updating(pc.root).write(file)

    assert Records(pc.root).read().failed == ("kiosk-1.4.0",)


def test_a_system_on_trial_is_not_updated(pc: GrubPc, tmp_path: Path) -> None:
    file = update(tmp_path)
    updater = updating(pc.root)
    updater.write(file)
    updater.set_trial(had_network=True)
    pc.restart()

    with pytest.raises(UpdateRefused, match="on trial itself"):
        updating(pc.root).write(file)


def test_two_updates_at_once_are_one(pc: GrubPc) -> None:
    with (
        Records(pc.root).alone(),
        pytest.raises(UpdateRefused, match="another update"),
        Records(pc.root).alone(),
    ):
        raise AssertionError("both")


def test_a_record_that_makes_no_sense_is_none(pc: GrubPc) -> None:
    records = Records(pc.root)
    records.keep(Record(stage=Stage.COMMITTED))
    for content in (b"", b"{}", b"[1]", b"{" * 70_000, b'{"stage": "drunk"}'):
        (records.directory / "record.json").write_bytes(content)

        assert records.read() == Record()


def test_a_raspberry_pi_takes_what_is_for_it(tmp_path: Path) -> None:
    machine = RaspberryPi(tmp_path / "pi")
    trust(machine.root, SIGNER)

    updating(machine.root).write(update(tmp_path, boards=["brcm,bcm2711"]))

    assert Records(machine.root).read().slot == "b"
