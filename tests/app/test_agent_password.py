"""``kiosk server --agent``: a password becomes what lets an agent in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from kiosk.agentdesk.agents_file import AgentsFile
from kiosk.app.agent_password import new_agent
from kiosk.cli import main
from kiosk.errors import ConfigError


def test_what_is_printed_lets_the_agent_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))

    assert main(["server", "--agent", "anna@example.org"]) == 0

    file = tmp_path / "agents.toml"
    file.write_text(capsys.readouterr().out)
    agents = AgentsFile(file)
    agents.load()
    assert agents.fits("anna@example.org", "correct horse")
    assert not agents.fits("anna@example.org", "correct horse\n")


def test_two_agents_with_one_password_have_two_hashes() -> None:
    lines = [tuple(new_agent("anna", lambda: "same")) for _ in range(2)]

    assert lines[0][2] != lines[1][2]


@pytest.mark.parametrize(
    ("agent_id", "password"), [("", "x"), ("a b", "x"), ("anna", ""), ("a" * 65, "x")]
)
def test_what_is_no_name_or_no_password_is_refused(
    agent_id: str, password: str
) -> None:
    with pytest.raises(ConfigError, match="--agent"):
        tuple(new_agent(agent_id, lambda: password))
