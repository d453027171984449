"""Root's program for a kiosk that failed: what it asks, writes and orders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk.app.ladder import RECORD, Ladder, file_system, read_record, write_record
from kiosk.ladder.record import DAMAGED, Record
from kiosk.ladder.rungs import History, Rung


SHOW = "systemctl show kiosk.service"
ON_DISK = "25 1 254:0 / / rw - ext4 /dev/root rw\n"
IN_MEMORY = f"{ON_DISK}30 25 0:26 / /var rw - tmpfs tmpfs rw\n"


@dataclass
class Systemd:
    """What systemd answers, and what it was told."""

    state: str = "deactivating"
    result: str = "exit-code"
    began_s: float = 100.0
    ready_s: float = 0.0
    ended_s: float = 101.0
    refuses: tuple[str, ...] = ()
    jobs: str = ""
    told: list[str] = field(default_factory=list)

    def run(self, argv: Sequence[str]) -> str:
        words = " ".join(argv)
        if any(refused in words for refused in self.refuses):
            raise OSError("Access denied")
        if words.startswith(SHOW):
            return (
                f"ActiveState={self.state}\nResult={self.result}\nExecMainStatus=75\n"
                f"ExecMainStartTimestampMonotonic={self.began_s * 1e6:.0f}\n"
                f"ExecMainExitTimestampMonotonic={self.ended_s * 1e6:.0f}\n"
                f"ActiveEnterTimestampMonotonic={self.ready_s * 1e6:.0f}\n"
            )
        if words.startswith("systemctl list-jobs"):
            return self.jobs
        self.told.append(words.removeprefix("systemctl "))
        return ""


@dataclass
class Board:
    """A root directory with a systemd."""

    root: Path
    systemd: Systemd = field(default_factory=Systemd)
    now_s: float = 0.0

    @property
    def path(self) -> Path:
        return self.root / RECORD

    @property
    def ladder(self) -> Ladder:
        return Ladder(self.root, self.systemd.run, lambda: self.now_s)

    def boots(self, boot: str, mounts: str = ON_DISK) -> None:
        # paths in the mount table are those of the board, not of the test
        proc = self.root / "proc"
        (proc / "self").mkdir(parents=True, exist_ok=True)
        (proc / "self/mountinfo").write_text(mounts)
        (proc / "sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (proc / "sys/kernel/random/boot_id").write_text(f"{boot}\n")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path)
    board.path.parent.mkdir(parents=True)
    board.boots("one")
    return board


def test_a_first_crash_is_left_to_systemd(board: Board) -> None:
    assert board.ladder.failed() is Rung.RESTART

    assert board.systemd.told == []
    assert read_record(board.path).why == "exit-code, status 75"


def test_the_fifth_failure_puts_up_the_safe_screen_and_has_another_start_tried(
    board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    taken = [board.ladder.failed() for _ in range(5)]

    assert taken[-1] is Rung.SAFE_SCREEN
    assert board.systemd.told == [
        "--no-block start kiosk-safe-screen.service",
        "--no-block restart kiosk-retry.timer",
    ]
    assert caplog.records[-1].__dict__["rung"] == "safe screen"
    assert caplog.records[-1].__dict__["failures"] == 5


@pytest.mark.parametrize("order", ["stop", "restart"])
def test_a_kiosk_that_is_stopped_and_does_not_end_in_time_takes_no_rung(
    board: Board, order: str
) -> None:
    write_record(board.path, Record(History((0.0,) * 4)))
    board.systemd.result = "timeout"
    board.systemd.jobs = f"812 kiosk.service {order} running\n"

    assert board.ladder.failed() is None

    assert board.systemd.told == []
    assert len(read_record(board.path).history.failures) == 4


@pytest.mark.parametrize(
    "jobs",
    [
        "812 kiosk.service start running\n",
        "812 other.service stop waiting\n",
        "813 kiosk-safe-screen.service stop waiting\n",
        "No jobs running.\n",
    ],
)
def test_what_is_no_order_to_end_it_counts_as_a_failure(
    board: Board, jobs: str
) -> None:
    write_record(board.path, Record(History((0.0,) * 4)))
    board.systemd.jobs = jobs

    assert board.ladder.failed() is Rung.SAFE_SCREEN


def test_a_reboot_is_written_down_before_it_is_ordered(board: Board) -> None:
    write_record(board.path, Record(History((0.0,) * 9)))
    seen: list[Record] = []
    run = board.systemd.run

    def looking(argv: Sequence[str]) -> str:
        if "reboot" in argv:
            seen.append(read_record(board.path))
        return run(argv)

    rung = Ladder(board.root, looking).failed()

    assert rung is Rung.REBOOT
    assert board.systemd.told == ["--no-block reboot"]
    assert seen[0].history.reboots == (0.0,)


def test_over_three_boots_the_reboots_add_up_and_then_there_are_none(
    board: Board,
) -> None:
    taken = []
    for boot in ("one", "two", "three", "four", "five"):
        board.boots(boot)
        for _ in range(12):
            taken.append(board.ladder.failed())
            if taken[-1] is Rung.REBOOT:
                break

    assert taken.count(Rung.REBOOT) == 3
    assert taken[-1] is Rung.STAY
    assert board.systemd.told[-1] == "--no-block restart kiosk-retry-slowly.timer"


@pytest.mark.parametrize("mounts", [IN_MEMORY, "", "nonsense\n"])
def test_no_reboot_is_ordered_where_its_count_may_be_lost(
    board: Board, mounts: str
) -> None:
    board.boots("one", mounts.replace("/var", str(board.root / "var")))
    write_record(board.path, Record(History((0.0,) * 9)))

    assert board.ladder.failed() is Rung.STAY
    assert "--no-block reboot" not in board.systemd.told


def test_no_reboot_is_ordered_that_cannot_be_written_down(board: Board) -> None:
    write_record(board.path, Record(History((0.0,) * 9)))
    (board.path.parent / f".{board.path.name}.new").mkdir()

    assert board.ladder.failed() is Rung.STAY
    assert "--no-block start kiosk-safe-screen.service" in board.systemd.told


def test_a_refused_reboot_leaves_the_safe_screen(board: Board) -> None:
    board.systemd.refuses = ("reboot",)
    write_record(board.path, Record(History((0.0,) * 9)))

    board.ladder.failed()

    assert "--no-block start kiosk-safe-screen.service" in board.systemd.told


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b"x" * 10_000], ids=repr
)
def test_a_damaged_history_orders_no_reboot(board: Board, content: bytes) -> None:
    board.path.write_bytes(content)

    taken = [board.ladder.failed() for _ in range(20)]

    assert Rung.REBOOT not in taken
    assert taken[-1] is Rung.STAY


def test_a_history_that_is_a_directory_orders_no_reboot(board: Board) -> None:
    board.path.mkdir()

    assert read_record(board.path) is DAMAGED
    assert board.ladder.failed() is Rung.RESTART


def test_ten_minutes_ready_before_a_crash_forget_the_crashes_before(
    board: Board,
) -> None:
    write_record(board.path, Record(History((0.0,) * 4)))
    board.systemd.ready_s, board.systemd.ended_s = 101.0, 701.0

    assert board.ladder.failed() is Rung.RESTART
    assert read_record(board.path).history.failures == (0.0,)


def test_a_run_that_was_never_ready_forgets_nothing(board: Board) -> None:
    write_record(board.path, Record(History((0.0,) * 4)))
    board.systemd.ready_s = 50.0  # of the run before
    board.systemd.ended_s = 9000.0

    assert board.ladder.failed() is Rung.SAFE_SCREEN


def test_service_is_counted_while_it_lasts_and_the_clean_history_is_removed(
    board: Board,
) -> None:
    write_record(board.path, Record(History((0.0,), (0.0,))))
    board.systemd.state, board.systemd.ready_s = "active", 100.0

    board.now_s = 800.0
    board.ladder.served()
    first = read_record(board.path).history
    board.now_s = 3700.0
    board.ladder.served()

    assert first == History((), (700.0,), "one", 800.0)
    assert not board.path.exists()
    assert board.systemd.told == ["clean --what=fdstore kiosk-safe-screen.service"]


def test_time_on_the_safe_screen_is_no_service(board: Board) -> None:
    write_record(board.path, Record(History((0.0,) * 5)))
    board.systemd.state = "inactive"
    board.now_s = 1e6

    board.ladder.served()

    assert read_record(board.path).history.failures == (0.0,) * 5


def test_a_systemd_that_answers_nothing_still_has_failures_counted(
    board: Board,
) -> None:
    board.systemd.refuses = ("show",)

    taken = [board.ladder.failed() for _ in range(5)]

    assert taken[-1] is Rung.SAFE_SCREEN


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib/kiosk-ladder", "tmpfs"), ("/var2", "ext4"), ("/etc", "ext4")],
)
def test_the_deepest_mount_says_what_a_file_is_on(path: str, kind: str) -> None:
    assert file_system(IN_MEMORY, Path(path)) == kind


@pytest.fixture
def bare_python(tmp_path: Path) -> Callable[[Sequence[str]], str]:
    """A Python with the package and the standard library, and nothing else."""

    def run(words: Sequence[str]) -> str:
        code = f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); {words[0]}"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", code, *words[1:]],
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
        ).stdout

    return run


def test_the_standard_library_is_enough(
    bare_python: Callable[[Sequence[str]], str],
) -> None:
    code = "from kiosk.app.ladder import main; print(main(['nonsense']))"

    assert bare_python([code]).strip() == str(os.EX_USAGE)
