"""``[desk]``: where it is, who may come in, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_server
from kiosk.errors import ConfigError


AGENTS = 'agents = "/etc/kiosk/agents.toml"'


def written(folder: Path, *lines: str) -> Path:
    path = folder / "server.toml"
    path.write_text("\n".join(["config_version = 1", *lines]))
    return path


def mistakes(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_server(written(folder, *lines))
    return "\n".join(map(str, caught.value.mistakes))


def test_without_an_address_there_is_no_desk(tmp_path: Path) -> None:
    assert load_server(written(tmp_path, "[desk]", AGENTS)).config.desk.http is None


def test_a_desk_on_this_machine_needs_no_tls(tmp_path: Path) -> None:
    file = written(tmp_path, "[desk]", 'http = "127.0.0.1:0"', AGENTS)

    assert load_server(file).config.desk.rooms == ("*",)


def test_a_desk_lets_somebody_in(tmp_path: Path) -> None:
    said = mistakes(tmp_path, "[desk]", 'http = "127.0.0.1:0"')

    assert "kiosk server --agent NAME" in said


def test_a_desk_beyond_this_machine_has_tls(tmp_path: Path) -> None:
    said = mistakes(tmp_path, "[desk]", 'http = "0.0.0.0:8443"', AGENTS)
    plain = ("[network]", "insecure = true", "[desk]", 'http = "0.0.0.0:1"', AGENTS)

    assert "browsers give a page no camera" in said
    assert load_server(written(tmp_path, *plain)).config.network.insecure


def test_a_header_needs_a_proxy_that_is_believed(tmp_path: Path) -> None:
    header = ("[desk]", 'http = "127.0.0.1:0"', 'agent_header = "X-User"')
    proxies = ("[server]", 'trusted_proxies = ["127.0.0.1/32"]')

    assert "trusted_proxies" in mistakes(tmp_path, *header)
    loaded = load_server(written(tmp_path, *proxies, *header)).config
    assert loaded.desk.agent_header == "X-User"


@pytest.mark.parametrize("name", ["", "X User", "X-User:", "7", "x" * 80])
def test_a_header_has_a_name(tmp_path: Path, name: str) -> None:
    said = mistakes(tmp_path, "[desk]", f'agent_header = "{name}"')

    assert "name of an HTTP header" in said
