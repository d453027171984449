"""What provisioning kept and a medium spoilt: forgotten, or damaged, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.disk import Disk
from kiosk.provision.record import NAME, Record, read_record, write_record
from kiosk.provision.sets import AppliedSet, SetDamaged, Sets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("looked", '"text"'),
        ("seen", "[1]"),
        ("seen", '{"b": 1}'),
        ("starts", "1e999"),
        ("starts", '"many"'),
        ("places", "null"),
        ("format", "[" * 20_000),
    ],
)
def test_a_record_that_makes_no_sense_is_as_if_there_was_none(
    tmp_path: Path, name: str, value: str
) -> None:
    write_record(Disk(), tmp_path, Record(current="b"))
    kept = json.loads((tmp_path / NAME).read_text("utf-8"))
    text = json.dumps(kept | {name: "@"}).replace('"@"', value)
    (tmp_path / NAME).write_text(text, "utf-8")

    assert read_record(tmp_path) == Record()


@pytest.mark.parametrize(
    "text",
    [
        *("null", "[]", '"x"', "[" * 20_000, "{}", '{"format": 1, "files": [1]}'),
        '{"format": 1, "id": "a", "created": "", "files": [{"mode": 1e999}]}',
    ],
)
def test_a_set_of_which_the_list_makes_no_sense_is_damaged(
    tmp_path: Path, text: str
) -> None:
    sets = Sets(Disk(), tmp_path)
    sets.add(AppliedSet("a", "", ()))
    (tmp_path / "a" / "set.json").write_text(text, "utf-8")

    with pytest.raises(SetDamaged):
        sets.get("a")
