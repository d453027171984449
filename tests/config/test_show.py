"""The effective configuration, printed."""

from __future__ import annotations

from pathlib import Path

from kiosk.config.load import load_kiosk, load_server
from kiosk.config.show import as_toml
from tests.fakes.stored_secrets import site


def test_what_is_shown_loads_to_the_same_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[kiosk]\nname = "Zürich \\"7\\" \\\\"\n'
        '[room]\nserver = "https://a"\ntarget = ["a", "b"]\n[hours]\nmon = "closed"\n'
    )
    loaded = load_kiosk(tmp_path / "a.toml")

    (tmp_path / "b.toml").write_text(as_toml(loaded))

    assert load_kiosk(tmp_path / "b.toml").config == loaded.config


def test_secrets_are_masked(tmp_path: Path) -> None:
    site(tmp_path, "", "server.toml", server__push_key="sesamesesamesesame")
    loaded = load_server(root=tmp_path)

    text = as_toml(loaded, with_origin=True)

    assert "sesame" not in text + repr(loaded) + str(loaded.config)
    stored = tmp_path / "etc/credstore/kiosk-server.server.push_key"
    assert f'# push_key = "********"  # {stored}' in text
    assert "# play_key is not set" in text


def test_each_value_shows_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[room]\nserver = "https://a"\n')

    text = as_toml(load_kiosk(file), with_origin=True)

    assert f'server = "https://a"  # {file}:2' in text
    assert "create = false  # built-in default" in text


def test_origins_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[room]\nserver = "https://a"\n')

    assert str(file) not in as_toml(load_kiosk(file))
