"""The manual pages and completions: every command, option, key, event and code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kiosk import errors
from kiosk.cli import make_parser
from kiosk.config.json_schema import kiosk_schema
from kiosk.journal.events import EVENTS
from manual import commands, roff, service, settings
from manual.completions import completion


ROOT = Path(__file__).parents[2]
REQUEST = re.compile(r"\.(TH|SH|SS|TP|PP)( .*)?")


def read(page: str) -> str:
    """Return a page as it is read: without requests and escapes."""
    lines = [line.removeprefix(r"\&") for line in page.splitlines()]
    return "\n".join(lines).replace(r"\-", "-").replace(r"\e", "\\")


def pages() -> dict[str, str]:
    return {
        "kiosk.1": commands.page(make_parser()),
        "kiosk.8": service.page((ROOT / service.CATALOGUE).read_text("utf-8")),
        "kiosk.toml.5": settings.page(kiosk_schema()),
    }


@pytest.mark.parametrize("name", ["kiosk.1", "kiosk.8", "kiosk.toml.5"])
def test_a_page_has_no_request_that_nobody_meant(name: str) -> None:
    lines = pages()[name].splitlines()

    assert lines[0].startswith(".TH ")
    for line in lines:
        assert not line.startswith("'")
        assert not line.startswith(".") or REQUEST.fullmatch(line), line
        assert not re.search(r"\\(?!\\|-|e|&|f[BIR])", line), line


def test_every_command_and_every_option_is_in_kiosk_1() -> None:
    text = read(commands.page(make_parser()))
    parsers = dict(commands.commands_of(make_parser()))

    assert {"kiosk run", "kiosk logs", "kiosk config check"} <= set(parsers)
    for words, parser in parsers.items():
        _, found, rest = text.partition(f'.SS "{words}"\n')
        assert found, words
        own = rest.partition("\n.S")[0]
        for action in commands.options_of(parser):
            assert action.help, f"{words} {action.dest} explains nothing"
            for option in action.option_strings:
                assert f"{option}" in own, f"{words} {option}"


def test_every_key_is_in_kiosk_toml_5_with_its_default() -> None:
    schema = kiosk_schema()
    text = read(settings.page(schema))
    sections = dict(settings.sections_of(schema))

    assert len(sections) >= 20
    for name, section in sections.items():
        _, found, rest = text.partition(f".SH [{name}]\n")
        assert found, name
        own = rest.partition("\n.SH")[0]
        for key in section["properties"]:
            assert rf"\fB{key}\fR" in own, f"[{name}] {key}"
    assert "The room service's address" in text
    assert '"en"' in text.partition(".SH [kiosk]")[2].partition(".SH")[0]


def test_every_event_and_every_code_is_in_kiosk_8() -> None:
    text = read(pages()["kiosk.8"])
    known = {
        each.code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.KioskError)
    }

    for event in EVENTS:
        assert f"{event.name} {event.message_id}" in text
    for code in {*known, *re.findall(r"[TKNU]\d{3}", errors.__doc__ or "")}:
        assert rf"\fB{code}\fR" in text, code
    assert "@KIOSK" not in text


def test_what_would_be_a_request_or_an_escape_is_text() -> None:
    assert roff.escaped(".SH it\n'x \\fB--json") == ("\\&.SH it\n\\&'x \\efB\\-\\-json")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [(["lo"], "logs"), (["logs", "--fo"], "--follow"), (["config", "ch"], "check")],
)
def test_bash_completes_commands_and_options(
    tmp_path: Path, typed: list[str], offered: str
) -> None:
    (tmp_path / "kiosk").write_text(completion(make_parser(), "bash"))
    words = " ".join(["kiosk", *typed])
    script = (
        f"source {tmp_path}/kiosk; COMP_WORDS=({words}); COMP_CWORD={len(typed)}; "
        '_shtab_kiosk; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True
    )

    assert offered in done.stdout.split()


def test_zsh_has_a_completion_for_every_command() -> None:
    text = completion(make_parser(), "zsh")

    assert text.startswith("#compdef kiosk")
    for words, _ in commands.commands_of(make_parser()):
        assert words.split()[-1] in text
