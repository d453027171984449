"""Passwords, logins and the file of agents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.agentdesk.agents_file import AgentsFile, BadAgents
from kiosk.agentdesk.logins import Logins
from kiosk.agentdesk.passwords import new_hash, nobodys_hash, read_hash
from tests.fakes.desk_world import PASSWORD, agents_toml, quick_hash


SALT = bytes(16)
PRINT = bytes(32)


def test_a_hash_fits_its_password_alone_and_survives_a_file() -> None:
    kept = read_hash(str(new_hash("grün 密码", SALT)))

    assert kept.fits("grün 密码")
    assert not kept.fits("grün 密碼")
    assert not kept.fits("")


def test_the_same_password_with_another_salt_is_another_hash() -> None:
    assert str(new_hash("a", SALT)) != str(new_hash("a", bytes(15) + b"1"))


@pytest.mark.parametrize("password", ["", "x" * 1025])
def test_no_password_and_an_endless_one_are_refused(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 1024 bytes"):
        new_hash(password, SALT)
    assert not quick_hash("x").fits("x" * 1025)


def test_nobodys_hash_fits_nothing() -> None:
    assert not nobodys_hash().fits("")
    assert not nobodys_hash().fits("password")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        "scrypt$2$1$1$!$!",
        str(quick_hash("a")).replace("scrypt", "md5"),
        str(quick_hash("a")).replace("$2$", "$3$"),
        str(quick_hash("a")).replace("$2$", "$1073741824$"),
        str(quick_hash("a"))[:-12],
    ],
)
def test_what_is_no_hash_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        read_hash(text)


def test_an_agent_is_known_by_his_file(tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(agents_toml("anna"))
    agents = AgentsFile(path)
    agents.load()

    known = agents.find("anna")
    assert known is not None
    assert known.name == "Anna Meier"
    assert agents.fits("anna", PASSWORD)
    assert not agents.fits("anna", "wrong")
    assert not agents.fits("berta", PASSWORD)


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(agents_toml("anna"))
    agents = AgentsFile(path)
    agents.load()

    path.write_text(agents_toml("berta", "cyd"))

    assert agents.find("anna") is None
    assert agents.find("berta") is not None


def test_a_broken_or_missing_file_changes_nothing_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(agents_toml("anna"))
    agents = AgentsFile(path)
    agents.load()

    path.write_text("[anna")
    assert agents.find("anna") is not None
    assert agents.find("anna") is not None
    path.unlink()
    assert agents.find("anna") is not None

    said = [one for one in caplog.records if one.message == "agents not read"]
    assert len(said) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[anna", "is no TOML"),
        ("anna = 1", "needs a table"),
        ('["a b"]', "has a name"),
        ('[anna]\npassword = "x"', "anna: password needs"),
        ("[anna]\nname = 7", "anna: name must be"),
        ("[anna]\npin = 7", "not pin"),
        ("# " + "x" * 2**20, "too long"),
    ],
)
def test_a_mistake_in_the_file_is_named_and_no_hash_is(
    tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(content)

    with pytest.raises(BadAgents, match=reason):
        AgentsFile(path).load()


def test_without_a_file_nobody_has_a_password() -> None:
    agents = AgentsFile(None)
    agents.load()

    assert agents.find("anna") is None
    assert not agents.fits("anna", PASSWORD)


def logins(idle_s: float = 100.0) -> Logins:
    numbers = iter(range(100))
    return Logins(lambda: f"token-{next(numbers)}", idle_s)


def agent_of(table: Logins, token: str, now: float) -> str:
    login = table.find(token, now)
    return login.agent_id if login else ""


def test_a_token_is_good_until_it_is_void() -> None:
    table = logins()
    token = table.open("anna", PRINT, 0.0)

    assert agent_of(table, token, 50.0) == "anna"
    assert agent_of(table, "token-9", 50.0) == ""
    table.close(token)
    assert agent_of(table, token, 50.0) == ""


def test_a_login_nobody_uses_ends_and_one_in_use_does_not() -> None:
    table = logins()
    used, idle = table.open("anna", PRINT, 0.0), table.open("berta", PRINT, 0.0)

    assert agent_of(table, used, 90.0) == "anna"
    assert agent_of(table, used, 180.0) == "anna"
    assert agent_of(table, idle, 180.0) == ""
    table.sweep(180.0)
    assert len(table) == 1


def test_an_agents_logins_are_few_and_the_oldest_makes_room() -> None:
    table = logins()
    tokens = [table.open("anna", PRINT, 0.0) for _ in range(6)]
    other = table.open("berta", PRINT, 0.0)

    assert [agent_of(table, token, 1.0) for token in tokens] == ["", "", *["anna"] * 4]
    assert agent_of(table, other, 1.0) == "berta"


def test_the_file_is_not_read_at_every_request(tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text(agents_toml("anna"))
    agents = AgentsFile(path)
    agents.load()
    before = agents.find("anna")
    os.utime(path, ns=(1, 1))

    assert agents.find("anna") == before
