"""``kiosk demo`` with real processes that stand in for server, agent and kiosk."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kiosk.demo.children import Children, DemoFailed
from kiosk.demo.desktop import open_in_browser
from kiosk.demo.options import DemoOptions
from kiosk.demo.run import run_demo
from tests.fakes.waiting import wait_until


ROOT = Path(__file__).parents[2]


def program(behaviour: str) -> list[str]:
    """Return the command of a stand-in for ``kiosk``."""
    return python(
        "from tests.fakes.demo_party import main",
        f"main({behaviour!r})",
    )


def python(*lines: str) -> list[str]:
    """Return the command that runs ``lines`` with this project importable."""
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    return [sys.executable, "-c", "\n".join((path, *lines))]


class Outcome:
    """A demonstration that is over."""

    def __init__(
        self,
        options: DemoOptions,
        behaviour: str = "well",
        *,
        is_watched: bool = True,
        patience_s: float = 20.0,
    ) -> None:
        out, err = io.StringIO(), io.StringIO()
        children = Children(program(behaviour))
        self.pages: list[str] = []
        self.status = run_demo(
            options,
            children=children,
            out=out,
            err=err,
            picture_s=2.0,
            open_page=self.pages.append,
            is_watched=lambda: is_watched,
            patience_s=patience_s,
            alone_s=1.5,
        )
        self.out, self.err = out.getvalue(), err.getvalue()


def test_an_unattended_demonstration_ends_with_one_json_object(tmp_path: Path) -> None:
    outcome = Outcome(
        DemoOptions(seconds=3.0, calls=2, as_json=True, out=tmp_path / "out")
    )

    assert outcome.status == 0
    summary = json.loads(outcome.out)
    assert summary["n_calls"] == 2
    assert summary["press_to_picture_ms"]["max"] == 250.0
    assert summary["frames"]["shown"] > 60
    assert summary["rss_mb"]["server"] > 1
    assert Path(summary["screenshot"]) == tmp_path / "out" / "kiosk-in-call.png"
    assert Path(summary["screenshot"]).read_bytes() == b"PNG"
    assert "IN_CALL" in outcome.err


def test_without_json_the_lines_and_a_table_go_to_stdout(tmp_path: Path) -> None:
    outcome = Outcome(DemoOptions(seconds=1.5, out=tmp_path))

    assert outcome.status == 0
    assert "fps" in outcome.out
    assert "press to picture (ms)" in outcome.out
    assert not outcome.err


def test_an_attended_demonstration_opens_the_page_and_leaves_the_calls_to_it(
    tmp_path: Path,
) -> None:
    outcome = Outcome(DemoOptions(out=tmp_path), "visited")

    assert outcome.status == 0
    assert outcome.pages == ["http://127.0.0.1:1/token/"]
    assert "http://127.0.0.1:1/token/" in outcome.out
    assert "fps" in outcome.out
    assert "the call is over; the kiosk is IDLE" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("screenshot")


def test_a_page_to_which_nobody_comes_calls_by_itself_and_goes_on(
    tmp_path: Path,
) -> None:
    outcome = Outcome(DemoOptions(out=tmp_path), "looked at", patience_s=0.2)

    assert outcome.status == 0
    assert "nobody pressed it: now it is" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("screenshot")
    assert "calls                     1" in outcome.out


def test_a_demonstration_without_a_terminal_makes_one_call_and_ends(
    tmp_path: Path,
) -> None:
    outcome = Outcome(DemoOptions(out=tmp_path), is_watched=False)

    assert outcome.status == 0
    assert "nobody is here to press it: a call of 1.5 s" in outcome.out
    assert "calls                     1" in outcome.out
    assert (tmp_path / "kiosk-in-call.png").read_bytes() == b"PNG"


def test_a_demonstration_with_the_desk_has_no_agent_and_tells_how_to_log_in(
    tmp_path: Path,
) -> None:
    outcome = Outcome(DemoOptions(out=tmp_path, desk=True), "visited")

    assert outcome.status == 0
    assert outcome.pages == ["http://localhost:3", "http://127.0.0.1:1/token/"]
    assert "http://localhost:3 (name agent, password " in outcome.out
    assert "the call is over; the kiosk is IDLE" in outcome.out


def test_without_a_browser_the_address_is_printed_all_the_same(tmp_path: Path) -> None:
    outcome = Outcome(DemoOptions(out=tmp_path, browser=False), "visited")

    assert outcome.pages == []
    assert "http://127.0.0.1:1/token/" in outcome.out


@pytest.mark.parametrize(
    ("environment", "is_watched", "opened"),
    [
        ({"DISPLAY": ":0"}, True, ["http://a/"]),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, ["http://a/"]),
        ({"DISPLAY": ":0"}, False, []),
        ({"DISPLAY": ""}, True, []),
        ({}, True, []),
    ],
)
def test_a_page_is_opened_where_somebody_sits_before_a_desktop(
    environment: dict[str, str], is_watched: bool, opened: list[str]
) -> None:
    pages: list[str] = []

    def open_page(address: str) -> bool:
        pages.append(address)
        return True

    was_opened = open_in_browser(
        "http://a/",
        environment=environment,
        is_watched=lambda: is_watched,
        open_page=open_page,
    )

    assert pages == opened
    assert was_opened is bool(opened)


def test_who_starts_it_with_its_input_closed_is_not_there() -> None:
    asks = "from kiosk.demo.desktop import is_at_terminal; print(is_at_terminal())"
    command = f'exec "{sys.executable}" -c "{asks}" <&-'
    told = subprocess.run(
        ["sh", "-c", command], check=True, capture_output=True, text=True, timeout=50
    )

    assert told.stdout == "False\n"


def test_a_call_that_ends_by_itself_fails_an_unattended_demonstration(
    tmp_path: Path,
) -> None:
    outcome = Outcome(DemoOptions(seconds=20, as_json=True, out=tmp_path), "ends")

    assert outcome.status == os.EX_SOFTWARE
    assert "the call ended by itself" in outcome.err
    assert json.loads(outcome.out)["n_calls"] == 1


def test_no_picture_is_given_up(tmp_path: Path) -> None:
    outcome = Outcome(DemoOptions(seconds=5, as_json=True, out=tmp_path), "no picture")

    assert outcome.status == os.EX_SOFTWARE
    assert "no picture within 2 s; the kiosk is IN_CALL" in outcome.err
    assert not outcome.out


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (
            "dies",
            "the kiosk ended early with status 3:\n  fatal: the camera is on fire",
        ),
        ("no port", "the server ended early with status 1:\n  no port is free"),
        ("babble", "the server said 'hello'"),
    ],
)
def test_a_process_that_fails_shows_its_last_words(
    tmp_path: Path, behaviour: str, words: str
) -> None:
    outcome = Outcome(DemoOptions(seconds=5, as_json=True, out=tmp_path), behaviour)

    assert outcome.status == os.EX_SOFTWARE
    assert words in outcome.err


def test_an_output_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    outcome = Outcome(DemoOptions(seconds=1, out=tmp_path / "file"))

    assert outcome.status == os.EX_SOFTWARE
    assert "file" in outcome.err


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    stubborn = python(
        "import signal, time",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "print('{}', flush=True)",
        "time.sleep(60)",
    )
    with Children(stubborn, grace_s=0.2) as children:
        child = children.start("kiosk", [], tmp_path / "kiosk.log")
        child.first_line()
        assert child.rss_mb > 1

    with pytest.raises(DemoFailed, match="status -9"):
        child.check()
    assert child.rss_mb == 0.0


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    with (
        Children(python("import time; time.sleep(60)")) as children,
        pytest.raises(DemoFailed, match=r"the server was not ready in 0\.1 s"),
    ):
        children.start("server", [], tmp_path / "server.log").first_line(0.1)


def test_a_tethered_child_dies_with_its_parent(tmp_path: Path) -> None:
    child = python(
        "import os, time",
        "from kiosk.demo.tether import tether",
        "tether([str(os.getppid())], become=lambda *_: None)",
        "print(os.getpid(), flush=True)",
        "time.sleep(60)",
    )
    parent = subprocess.Popen(
        python(
            "import subprocess, time", f"subprocess.Popen({child!r})", "time.sleep(60)"
        ),
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        parent.kill()

    assert wait_until(lambda: not is_running(pid))


def test_a_child_whose_parent_died_first_does_not_begin() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk.demo.tether", "1", "--version"],
        cwd=ROOT,
        check=False,
        timeout=20,
    )

    assert done.returncode == os.EX_UNAVAILABLE


def test_a_tethered_child_becomes_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk.demo.tether", str(os.getpid()), "--version"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=20,
    )

    assert done.stdout.startswith(b"kiosk")


def test_sigterm_ends_the_demonstration_and_its_children(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        python(
            "from pathlib import Path",
            "from kiosk.demo.children import Children",
            "from kiosk.demo.options import DemoOptions",
            "from kiosk.demo.run import run_demo",
            f"options = DemoOptions(seconds=600, out=Path({str(tmp_path)!r}))",
            f"sys.exit(run_demo(options, children=Children({program('well')!r})))",
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    with demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "fps" in line:
                break
        children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text()
        demo.terminate()
        started = time.monotonic()
        rest = demo.stdout.read()

    assert demo.returncode == 130
    assert "press to picture" in rest
    assert len(children.split()) == 3
    assert not any(is_running(int(pid)) for pid in children.split())
    assert time.monotonic() - started < 30
