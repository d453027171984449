"""The command ``kiosk``: what each one starts, prints and returns."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tomllib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from kiosk.cli import INTERRUPTED, main
from kiosk.control.server import ControlServer
from kiosk.errors import ConfigError, ControlError, RoomUnreachable
from kiosk.programs import Programs
from tests.fakes.controlled_daemon import FakeDaemon
from tests.fakes.records import call_record
from tests.fakes.waiting import wait_until


if TYPE_CHECKING:
    from kiosk.config.schema import KioskConfig
    from kiosk.config.server_schema import ServerConfig
    from kiosk.demo.options import DemoOptions

ROOT = Path(__file__).parents[1]
STATUS = {"schema_version": 1, "state": "IDLE", "screen": "idle"}


class FakePrograms(Programs):
    """Keeps what would have been started."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.kiosks: list[tuple[KioskConfig, ConfigError | None]] = []
        self.servers: list[ServerConfig] = []
        self.demos: list[DemoOptions] = []
        self.echo_calls: list[tuple[KioskConfig, float]] = []
        self.verdict = "good"
        self._failure = failure

    def run(self, config: KioskConfig, problem: ConfigError | None) -> int:  # type: ignore[explicit-override]
        self.kiosks.append((config, problem))
        return self._end()

    def serve(  # type: ignore[explicit-override]
        self, config: ServerConfig, on_ready: Callable[[str, str], None]
    ) -> int:
        self.servers.append(config)
        on_ready("http://127.0.0.1:1", "rtmp://127.0.0.1:2")
        return self._end()

    def call_echo(self, config: KioskConfig, seconds: float) -> dict[str, object]:  # type: ignore[explicit-override]
        self.echo_calls.append((config, seconds))
        return {"verdict": self.verdict, "sound_delay_ms": None, "pictures_sent": 7}

    def demo(self, options: DemoOptions) -> int:  # type: ignore[explicit-override]
        self.demos.append(options)
        return self._end()

    def _end(self) -> int:
        if self._failure is not None:
            raise self._failure
        return os.EX_OK


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.toml"
    file.write_text(
        f'[room]\nserver = "https://a"\n[control]\nsocket = "{tmp_path}/s"\n'
    )
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.toml"
    file.write_text('[room]\nsever = "https://a"\n[log]\nlevel = 3\n')
    return file


@contextlib.asynccontextmanager
async def daemon_at(path: Path) -> AsyncGenerator[FakeDaemon]:
    daemon = FakeDaemon(dict(STATUS))
    server = ControlServer(path, daemon)
    server.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        try:
            yield daemon
        finally:
            server.close()


def test_run_starts_a_kiosk_with_its_configuration(good: Path) -> None:
    programs = FakePrograms()

    status = main(["run", "--config", str(good)], programs)

    assert status == 0
    [(config, problem)] = programs.kiosks
    assert config.room.server == "https://a"
    assert problem is None


def test_run_starts_even_with_mistakes_so_that_the_screen_can_say_so(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = FakePrograms()

    status = main(["run", "--config", str(bad)], programs)

    assert status == 0
    [(_, problem)] = programs.kiosks
    assert problem is not None
    assert len(problem.mistakes) == 2
    assert "did you mean [room] server?" in capsys.readouterr().err


def test_run_without_the_file_it_was_given_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = FakePrograms()

    status = main(["run", "--config", str(tmp_path / "none.toml")], programs)

    assert status == os.EX_NOINPUT
    assert not programs.kiosks
    assert "no such file" in capsys.readouterr().err


def test_server_prints_one_line_of_json_when_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[server]\ncapacity = 3\n")
    programs = FakePrograms()

    status = main(["server", "--config", str(file), "--http", "127.0.0.1:0"], programs)

    assert status == 0
    [config] = programs.servers
    assert (config.server.http, config.server.capacity) == ("127.0.0.1:0", 3)
    assert capsys.readouterr().out == (
        '{"http": "http://127.0.0.1:1", "rtmp": "rtmp://127.0.0.1:2"}\n'
    )


def test_server_refuses_to_leave_this_machine_unless_told_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[log]\n")
    arguments = ["server", "--config", str(file), "--http", "0.0.0.0:0"]
    programs = FakePrograms()

    refused = main(arguments, programs)
    taken = main([*arguments, "--insecure"], programs)

    assert (refused, taken) == (os.EX_CONFIG, os.EX_OK)
    assert "command line: [server] http: plain HTTP" in capsys.readouterr().err
    assert len(programs.servers) == 1


def test_demo_passes_its_options_on() -> None:
    programs = FakePrograms()

    unattended = ["demo", "--for", "20", "--calls", "2", "--json"]
    looks = ["--preset", "720p", "--camera", "file:a.mp4", "--out", "there"]
    status = main([*unattended, *looks], programs)

    assert status == 0
    [options] = programs.demos
    assert (options.seconds, options.calls, options.as_json) == (20.0, 2, True)
    assert (options.preset, options.camera) == ("720p", "file:a.mp4")
    assert options.out == Path("there")


def test_demo_with_options_that_do_not_go_together_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["demo", "--calls", "2"], FakePrograms())

    assert status == os.EX_USAGE
    assert "--calls needs --for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (KeyboardInterrupt(), INTERRUPTED),
        (RoomUnreachable("login: no answer"), os.EX_TEMPFAIL),
        (OSError("no space left"), os.EX_TEMPFAIL),
    ],
)
def test_a_program_that_fails_ends_with_a_line_and_no_traceback(
    failure: BaseException, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo"], FakePrograms(failure)) == status
    assert capsys.readouterr().err in {"", f"kiosk: {failure}\n"}


def test_config_check_is_content_with_a_good_file(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check", "--config", str(good)]) == 0
    assert str(good) in capsys.readouterr().out


def test_config_check_reports_each_mistake_on_a_line(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["config", "check", "--config", str(bad)])

    lines = capsys.readouterr().err.splitlines()
    assert status == os.EX_CONFIG
    assert len(lines) == 2
    assert lines[0].startswith(f"kiosk: {bad}:2: [room] sever: unknown key")


@pytest.mark.parametrize("what", ["absent", "directory"])
def test_config_check_without_a_file_is_no_input(tmp_path: Path, what: str) -> None:
    file = tmp_path if what == "directory" else tmp_path / "none.toml"

    assert main(["config", "check", "--config", str(file)]) == os.EX_NOINPUT


def test_config_check_takes_the_servers_file_too(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[server]\n")

    assert main(["config", "check", "--server", "--config", str(file)]) == 0
    assert main(["config", "check", "--config", str(file)]) == os.EX_CONFIG


def test_config_show_prints_what_applies_and_its_origin(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "show", "--origin", "--config", str(good)]) == 0
    assert f'server = "https://a"  # {good}:2' in capsys.readouterr().out


def test_config_show_masks_the_servers_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('[server]\npush_key = "sesamesesamesesame"\n')

    assert main(["config", "show", "--server", "--config", str(file)]) == 0
    assert "sesame" not in capsys.readouterr().out


@pytest.mark.parametrize("button", ["call", "hangup", "mute"])
async def test_a_button_command_presses_that_button(
    tmp_path: Path, button: str
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main, [button, "--socket", str(tmp_path / "s")]
        )

    assert status == 0
    assert daemon.asked == [("press", button)]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["2"], ("reply", "2")),
        (["hello"], ("text", "hello")),
        (["window", "2", "please"], ("text", "window 2 please")),
    ],
)
async def test_say_sends_a_configured_reply_or_a_text(
    tmp_path: Path, words: list[str], asked: tuple[str, str]
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main, ["say", "--socket", str(tmp_path / "s"), *words]
        )

    assert status == 0
    assert daemon.asked == [asked]


async def test_ask_still_keeps_what_the_other_side_sent(tmp_path: Path) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(
            main,
            ["ask-still", "--socket", str(tmp_path / "s"), str(tmp_path / "id.jpg")],
        )

    assert status == 0
    assert daemon.asked == [("still", "")]
    assert (tmp_path / "id.jpg").read_bytes().startswith(b"\xff\xd8\xff")


async def test_a_refused_still_is_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        daemon.refusal = ControlError("no still: the other side refused")
        status = await asyncio.to_thread(
            main,
            ["ask-still", "--socket", str(tmp_path / "s"), str(tmp_path / "id.jpg")],
        )

    assert status == os.EX_UNAVAILABLE
    assert "the other side refused" in capsys.readouterr().err
    assert not (tmp_path / "id.jpg").exists()


@pytest.mark.parametrize(
    ("options", "begins"),
    [(["--json"], '{"call": 2'), (["--last"], "call:      2"), ([], "began")],
)
async def test_calls_prints_what_they_left_behind(
    tmp_path: Path,
    options: list[str],
    begins: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        daemon.records = [call_record(2), call_record(1)]
        status = await asyncio.to_thread(
            main, ["calls", "--socket", str(tmp_path / "s"), *options]
        )
    printed = capsys.readouterr().out

    assert status == 0
    assert printed.startswith(begins)
    assert printed.count("agent-1") == {"--json": 2, "--last": 1}.get(
        "".join(options), 0
    )


async def test_the_socket_can_be_named_by_the_configuration(
    tmp_path: Path, good: Path
) -> None:
    async with daemon_at(tmp_path / "s") as daemon:
        status = await asyncio.to_thread(main, ["call", "--config", str(good)])

    assert status == 0
    assert daemon.asked == [("press", "call")]


async def test_status_prints_words_or_one_object(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["status", "--socket", str(tmp_path / "s")]
    async with daemon_at(tmp_path / "s"):
        await asyncio.to_thread(main, arguments)
        words = capsys.readouterr().out
        await asyncio.to_thread(main, [*arguments, "--json"])

    assert "IDLE (screen: idle)" in words
    assert json.loads(capsys.readouterr().out) == STATUS


async def test_status_watch_prints_until_the_kiosk_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["status", "--json", "--watch", "--socket", str(tmp_path / "s")]
    async with asyncio.TaskGroup() as group, daemon_at(tmp_path / "s") as daemon:
        watching = group.create_task(asyncio.to_thread(main, arguments))
        await asyncio.to_thread(wait_until, lambda: len(daemon.asked) >= 2)

    assert watching.result() == os.EX_UNAVAILABLE
    assert len(capsys.readouterr().out.splitlines()) >= 2


def test_without_a_daemon_the_command_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["call", "--socket", str(tmp_path / "s")])

    error = capsys.readouterr().err
    assert status == os.EX_UNAVAILABLE
    assert error.startswith("kiosk: no kiosk is running")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [[], ["config"], ["dance"], ["run", "--nonsense"], ["demo", "--for", "x"]],
)
def test_a_wrong_command_is_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, FakePrograms()) == os.EX_USAGE
    assert "usage: kiosk" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["server", "--help"]])
def test_help_and_version_succeed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, FakePrograms()) == os.EX_OK
    assert "kiosk" in capsys.readouterr().out


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_server_started_for_real_answers_where_it_says_and_ends_on_sigterm(
    tmp_path: Path,
) -> None:
    ports = ["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-m", "kiosk", "server", *ports],
        cwd=ROOT,
        env={**os.environ, "STATE_DIRECTORY": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            addresses = json.loads(server.stdout.readline())
            for url in addresses.values():
                parts = urlsplit(url)
                address = (parts.hostname or "", parts.port or 0)
                socket.create_connection(address, timeout=5).close()
        finally:
            server.terminate()

    assert sorted(addresses) == ["http", "rtmp"]
    assert server.returncode == 0


def test_python_m_kiosk_is_the_command(bad: Path) -> None:
    done = run_command("-m", "kiosk", "config", "check", "--config", str(bad))

    assert done.returncode == os.EX_CONFIG
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error(good: Path) -> None:
    shell = '"$0" -m kiosk config show --config "$1" | head -c 1; echo ${PIPESTATUS[0]}'
    done = subprocess.run(
        ["bash", "-c", f"{shell} >&2", sys.executable, good],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.stderr.strip() in {"0", "141"}  # who was faster


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (
            ["status", "--socket", "/nowhere"],
            ["pydantic", "asyncio", "av", "starlette"],
        ),
        (["config", "check", "--config", "/nowhere"], ["av", "numpy", "starlette"]),
        (["--help"], ["pydantic", "asyncio", "http.client"]),
    ],
)
def test_a_quick_command_imports_nothing_heavy(
    arguments: list[str], heavy: list[str]
) -> None:
    done = run_command(
        "-c",
        "import sys; from kiosk.cli import main; "
        f"main({arguments!r}); print([m for m in {heavy!r} if m in sys.modules])",
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_test_call_prints_its_record_and_the_verdict_is_the_status(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = FakePrograms()
    assert main(["test-call", "--config", str(good)], programs) == 0
    printed = capsys.readouterr().out
    programs.verdict = "no picture came back"

    status = main(
        ["test-call", "--config", str(good), "--json", "--for", "3"], programs
    )

    assert status == 1
    assert [line.split(maxsplit=1) for line in printed.splitlines()] == [
        ["verdict", "good"],
        ["sound_delay_ms", "not measured"],
        ["pictures_sent", "7"],
    ]
    assert json.loads(capsys.readouterr().out)["verdict"] == "no picture came back"
    assert [seconds for _, seconds in programs.echo_calls] == [10.0, 3.0]


@pytest.mark.parametrize("seconds", ["0", "51", "soon"])
def test_a_test_call_has_a_sensible_length(good: Path, seconds: str) -> None:
    programs = FakePrograms()

    status = main(["test-call", "--config", str(good), "--for", seconds], programs)

    assert status == os.EX_USAGE
    assert programs.echo_calls == []


def server_file(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(f'[enrolment]\nfile = "{tmp_path}/enrolled.toml"\n')
    return file


def test_enrolling_prints_each_kiosks_part_of_its_file_with_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = server_file(tmp_path)
    arguments = ["server", "--config", str(config), "--enrol", "a", "--enrol", "b"]

    assert main(arguments) == os.EX_OK

    parts = capsys.readouterr().out.split("[room]")[1:]
    rooms = [tomllib.loads(part) for part in parts]
    assert [room["user_id"] for room in rooms] == ["a", "b"]
    for room in rooms:
        kiosk = tmp_path / "kiosk.toml"
        kiosk.write_text(f'[room]\nserver = "https://a"\n{_toml(room)}')
        assert main(["config", "show", "--config", str(kiosk)]) == os.EX_OK
        shown = capsys.readouterr().out
        assert 'enrolment_key = "********"' in shown
        assert room["enrolment_key"] not in shown


def _toml(room: dict[str, object]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in room.items())


def test_banning_says_who_is_out_and_what_lets_him_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = server_file(tmp_path)

    assert main(["server", "--config", str(config), "--ban", "a"]) == os.EX_OK

    assert capsys.readouterr().out == "a is out until `kiosk server --enrol a`\n"
    assert "banned" in (tmp_path / "enrolled.toml").read_text()


NOWHERE = '[enrolment]\nfile = "/nowhere/x"\n'


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", ["--enrol", "a"], "[enrolment] file is not set"),
        (None, ["--enrol", "a b"], "is no userID"),
        (None, ["--ban", ""], "is no userID"),
        (NOWHERE, ["--enrol", "a"], "enrolments /nowhere/x: No such file"),
    ],
)
def test_an_enrolment_that_cannot_be_says_why(
    text: str | None,
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = server_file(tmp_path)
    if text is not None:
        config.write_text(text)

    status = main(["server", "--config", str(config), *arguments])

    printed = capsys.readouterr()
    assert status == (os.EX_TEMPFAIL if text == NOWHERE else os.EX_CONFIG)
    assert said in printed.err
    assert printed.out == ""
