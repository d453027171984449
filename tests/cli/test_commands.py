"""The command ``kiosk``: what each one starts, prints and returns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.cli import INTERRUPTED, main
from kiosk.config.credentials import VARIABLE
from kiosk.errors import RoomUnreachable
from tests.fakes.started_programs import FakePrograms
from tests.fakes.stored_secrets import site


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
    assert (options.browser, options.desk) == (True, False)


def test_a_demonstration_may_be_answered_by_a_person_and_open_no_browser() -> None:
    programs = FakePrograms()

    assert main(["demo", "--desk", "--no-browser"], programs) == 0
    [options] = programs.demos
    assert (options.seconds, options.browser, options.desk) == (None, False, True)


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


@pytest.mark.parametrize("command", [["config", "check"], ["run"]])
def test_a_developer_sets_something_for_this_once(
    good: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    programs = FakePrograms()
    file = ["--config", str(good)]

    assert main([*command, *file, "--set", "kiosk.name=Trial"], programs) == 0
    assert main([*command, *file, "--set", "kiosk.name"], programs) == os.EX_CONFIG
    assert "--set kiosk.name: must be SECTION.KEY" in capsys.readouterr().err
    assert [config.kiosk.name for config, _ in programs.kiosks] in ([], ["Trial"])


def test_a_servers_setting_stands_beside_its_own_options(tmp_path: Path) -> None:
    programs = FakePrograms()
    (tmp_path / "server.toml").write_text("")
    file = ["--config", str(tmp_path / "server.toml")]
    given = ["--http", "127.0.0.1:0", "--set", "server.capacity=3"]

    assert main(["server", *file, *given], programs) == 0
    (config,) = programs.servers
    assert (config.server.http, config.server.capacity) == ("127.0.0.1:0", 3)


def test_config_show_masks_the_servers_keys(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site(tmp_path, "", "server.toml", server__push_key="sesamesesamesesame")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "etc/credstore"))
    file = tmp_path / "etc/kiosk/server.toml"

    assert main(["config", "show", "--server", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    assert '# push_key = "********"' in shown
    assert "sesame" not in shown
