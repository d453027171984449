"""The file of enrolments: what is written, read, noticed and refused."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.roomserver.enrolment import Enrolled, EnrolledTable, Enrolment, hash_of
from kiosk.roomserver.enrolment_file import EnrolmentFile


NOW = 1_800_000_000
HASH = hash_of("key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "enrolled.toml"


def test_a_key_is_told_once_and_only_its_hash_is_kept(path: Path) -> None:
    key = EnrolmentFile(path).enrol("kiosk-7", NOW)
    enrolment = Enrolment()
    enrolment.replace(EnrolmentFile(path).read())

    assert len(key) == 32
    assert key not in path.read_text()
    assert enrolment.proves("kiosk-7", key)
    assert not enrolment.proves("kiosk-7", key[::-1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_keys_are_never_the_same(path: Path) -> None:
    file = EnrolmentFile(path)

    assert len({file.enrol("kiosk-7", NOW) for _ in range(20)}) == 20


def test_others_stay_when_one_is_enrolled_anew_or_banned(path: Path) -> None:
    file = EnrolmentFile(path)
    for name in ("kiosk-7", "kiosk-8", "agent_1"):
        file.enrol(name, NOW)
    before = dict(file.read())
    file.ban("kiosk-7", NOW + 1)
    file.enrol("kiosk-8", NOW + 2)

    after = dict(file.read())
    assert after["kiosk-7"] == Enrolled(NOW + 1)
    assert after["kiosk-8"].since == NOW + 2
    assert after["kiosk-8"].key_hash != before["kiosk-8"].key_hash
    assert after["agent_1"] == before["agent_1"]


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "../x", "x" * 65, 'a"', "é"])
def test_what_is_no_user_id_is_not_written(path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no userID"):
        EnrolmentFile(path).enrol(name, NOW)

    assert not path.exists()


def test_two_writers_lose_nothing(path: Path) -> None:
    names = [f"kiosk-{number}" for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda name: EnrolmentFile(path).enrol(name, NOW), names))

    enrolment = Enrolment()
    enrolment.replace(EnrolmentFile(path).read())
    assert all(map(enrolment.proves, names, keys))


def test_a_writer_that_died_halfway_changed_nothing(path: Path) -> None:
    key = EnrolmentFile(path).enrol("kiosk-7", NOW)
    path.with_name(".enrolled.toml.new").write_text("[enrolled]\nkiosk-7 = ")

    assert EnrolmentFile(path).read()["kiosk-7"].key_hash == hash_of(key)
    EnrolmentFile(path).enrol("kiosk-8", NOW)
    assert len(EnrolmentFile(path).read()) == 2


def overwrite(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


BROKEN = {
    "nothing": "",
    "cut off": '[enrolled]\nkiosk-7 = "1800000000 sha2',
    "another table": "[enroled]\n",
    "two tables": "[enrolled]\n[more]\n",
    "no table": "enrolled = 1\n",
    "a number": "[enrolled]\nkiosk-7 = 1\n",
    "a short hash": '[enrolled]\nkiosk-7 = "1800000000 sha256:abc"\n',
    "a key instead": f'[enrolled]\nkiosk-7 = "{HASH}"\n',
    "no time": f'[enrolled]\nkiosk-7 = "sha256:{HASH}"\n',
    "a name that is none": f'[enrolled]\n"a b" = "1800000000 sha256:{HASH}"\n',
    "a name twice": '[enrolled]\na = "1 banned"\na = "2 banned"\n',
    "not UTF-8": "[enrolled]\n# \udcff\n",
    "too deep": "a = " + "[" * 5000,
    "a bomb": "[enrolled]\n#" + "x" * 9_000_000,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_makes_no_sense_is_named_and_changes_nothing(
    path: Path, name: str
) -> None:
    applied: list[EnrolledTable] = []
    file = EnrolmentFile(path)
    file.enrol("kiosk-7", NOW)
    await file.look(applied.append)
    overwrite(path, BROKEN[name])

    with pytest.raises(OSError, match=str(path)):
        await file.look(applied.append)
    await file.look(applied.append)  # the same file is not complained of twice

    assert len(applied) == 1


async def test_a_change_is_applied_once(path: Path) -> None:
    applied: list[EnrolledTable] = []
    file = EnrolmentFile(path)
    file.enrol("kiosk-7", NOW)
    for _ in range(3):
        await file.look(applied.append)
    EnrolmentFile(path).ban("kiosk-7", NOW)
    for _ in range(3):
        await file.look(applied.append)

    assert [dict(table)["kiosk-7"].key_hash == "" for table in applied] == [False, True]


class OutOfDescriptors(EnrolmentFile):
    """A file that cannot be opened for as long as ``is_out``."""

    is_out = False

    @override
    def read(self) -> EnrolledTable:
        if self.is_out:
            raise OSError(errno.EMFILE, "too many open files")
        return super().read()


async def test_a_ban_that_could_not_be_read_for_a_moment_is_read_a_moment_later(
    path: Path,
) -> None:
    applied: list[EnrolledTable] = []
    file = OutOfDescriptors(path)
    file.enrol("kiosk-7", NOW)
    await file.look(applied.append)
    EnrolmentFile(path).ban("kiosk-7", NOW + 1)
    file.is_out = True
    with pytest.raises(OSError, match="too many open files"):
        await file.look(applied.append)
    file.is_out = False
    await file.look(applied.append)

    assert len(applied) == 2


async def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(OSError, match=f"enrolments {path}: No such file"):
        await EnrolmentFile(path).look(lambda _: None)


async def test_a_folder_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        EnrolmentFile(path / "more" / "x").enrol("kiosk-7", NOW)


async def test_a_watch_goes_on_whatever_happens_to_the_file(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Enough(Exception):
        """Ends the watch."""

    applied: list[EnrolledTable] = []
    file = EnrolmentFile(path)
    file.enrol("kiosk-7", NOW)
    happenings: list[Callable[[], object]] = [
        lambda: None,
        path.unlink,
        lambda: overwrite(path, "x"),
        path.unlink,
        lambda: EnrolmentFile(path).ban("kiosk-7", NOW),
    ]

    async def sleep(seconds: float) -> None:
        assert seconds == 1.0
        if not happenings:
            raise Enough
        happenings.pop(0)()

    with pytest.raises(Enough):
        await file.watch(applied.append, sleep)

    assert len(applied) == 2
    assert caplog.text.count("enrolments stay as they were") == 3
