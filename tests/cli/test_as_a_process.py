"""The command as a process: usage, help, signals, a reader that leaves; enrolling and banning."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kiosk.cli import main
from kiosk.config.load import load_kiosk
from tests.fakes.started_programs import FakePrograms
from tests.fakes.stored_secrets import site


ROOT = Path(__file__).parents[2]


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
    names, keys = (
        [tomllib.loads(part) for part in parts[first::2]] for first in (0, 1)
    )
    assert [name["user_id"] for name in names] == ["a", "b"]
    for name, key in zip(names, keys, strict=True):
        text = f'[room]\nserver = "https://a"\nuser_id = "{name["user_id"]}"\n'
        site(tmp_path, text, room__enrolment_key=key["enrolment_key"])
        kept = load_kiosk(root=tmp_path).config.room.enrolment_key
        assert kept is not None
        assert kept.get_secret_value() == key["enrolment_key"]


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
