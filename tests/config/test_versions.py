"""Files of an older version are read as if written today; newer ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.documents import Document, Unreadable, merge, read_document
from kiosk.config.load import load_kiosk
from kiosk.config.versions import CONFIG_VERSION, Move, Versions
from kiosk.errors import ConfigError


def minutes(value: object) -> object:
    return value * 60 if isinstance(value, int) else value


VERSIONS = Versions(
    3,
    {
        1: (
            Move(("phone", "ring"), ("call", "answer_min")),
            Move(("phone", "pulse"), None),
        ),
        2: (Move(("call", "answer_min"), ("call", "answer_s"), minutes),),
    },
)


def read(folder: Path, text: str) -> tuple[Document, tuple[str, ...]]:
    path = folder / "old.toml"
    path.write_text(text)
    migrated = VERSIONS.read(read_document(path))
    place = f"{path}:"
    return migrated.document, tuple(
        notice.removeprefix(place) for notice in migrated.notices
    )


def test_a_setting_of_the_first_version_goes_through_every_step(tmp_path: Path) -> None:
    document, notices = read(
        tmp_path, "config_version = 1\n[phone]\nname = 7\nring = 2\npulse = true\n"
    )

    assert document.table == {
        "config_version": 3,
        "phone": {"name": 7},
        "call": {"answer_s": 120},
    }
    assert notices == (
        "4: [phone] ring: is now [call] answer_min; still read, but write it so",
        "5: [phone] pulse: has no effect any more; delete it",
        "4: [call] answer_min: is now [call] answer_s; still read, but write it so",
    )


def test_a_moved_value_keeps_the_line_where_it_stands(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "[phone]\n\n\nring = 2\n")

    origin = merge([document]).origin(("call", "answer_s"))

    assert origin is not None
    assert origin.text == f"{tmp_path}/old.toml:4"


def test_steps_begin_at_the_version_that_the_file_names(tmp_path: Path) -> None:
    text = "config_version = 2\n[phone]\nring = 2\n[call]\nanswer_min = 1\n"

    document, notices = read(tmp_path, text)

    assert document.table["phone"] == {"ring": 2}
    assert document.table["call"] == {"answer_s": 60}
    assert len(notices) == 1


def test_a_file_of_today_is_left_as_it_is(tmp_path: Path) -> None:
    text = "config_version = 3\n[phone]\nring = 2\n"

    document, notices = read(tmp_path, text)

    assert document.table == {"config_version": 3, "phone": {"ring": 2}}
    assert not notices


def test_a_file_without_a_version_is_one_of_the_oldest(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "[phone]\nring = 1\n")

    assert document.table == {"phone": {}, "call": {"answer_s": 60}}


def test_the_new_name_counts_where_both_stand(tmp_path: Path) -> None:
    text = "config_version = 2\n[call]\nanswer_min = 9\nanswer_s = 5\n"

    document, notices = read(tmp_path, text)

    assert document.table["call"] == {"answer_s": 5}
    assert "which stands there, too, and counts: delete this one" in notices[0]


@pytest.mark.parametrize("text", ["phone = 3\n", "call = 3\n[phone]\nring = 1\n"])
def test_what_is_no_section_is_left_to_be_told_as_that(
    tmp_path: Path, text: str
) -> None:
    document, notices = read(tmp_path, text)

    assert 3 in document.table.values()
    assert not notices


@pytest.mark.parametrize("version", ["0", "-1", "true", "1.0", '"1"'])
def test_what_is_no_version_is_left_to_be_told_as_that(
    tmp_path: Path, version: str
) -> None:
    document, _ = read(tmp_path, f"config_version = {version}\n[phone]\nring = 1\n")

    assert "phone" in document.table


def test_a_file_of_a_newer_version_is_one_mistake_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"old\.toml:2: config_version: is 4, and"):
        read(tmp_path, "\nconfig_version = 4\n[phone]\nring = 2\n")


def test_nothing_else_of_a_newer_file_is_called_wrong(tmp_path: Path) -> None:
    """Its settings are another program's: an older one cannot judge them."""
    path = tmp_path / "kiosk.toml"
    path.write_text(
        f"config_version = {CONFIG_VERSION + 1}\n"
        '[room]\nserver = 3\n[hologram]\ndevice = "auto"\n'
    )

    with pytest.raises(ConfigError) as caught:
        load_kiosk(path)

    (line,) = caught.value.mistakes
    assert line == (
        f"{path}:1: config_version: is {CONFIG_VERSION + 1}, and this program reads "
        f"versions up to {CONFIG_VERSION}; install the newer kiosk, or have the file "
        f"written anew for config_version = {CONFIG_VERSION}"
    )


def test_a_newer_drop_in_is_told_though_the_main_file_is_of_today(
    tmp_path: Path,
) -> None:
    drop_ins = tmp_path / "etc/kiosk/conf.d"
    drop_ins.mkdir(parents=True)
    (tmp_path / "etc/kiosk/kiosk.toml").write_text(
        'config_version = 1\n[room]\nserver = "https://a"\n'
    )
    (drop_ins / "60-site.toml").write_text("config_version = 2\n")

    with pytest.raises(ConfigError, match=r"60-site\.toml:1: config_version: is 2"):
        load_kiosk(root=tmp_path)
