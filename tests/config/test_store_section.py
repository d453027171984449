from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.server_process import settings_of
from kiosk.app.store_place import store_file
from kiosk.config.load import load_server
from kiosk.config.show import as_toml
from kiosk.errors import ConfigError


def written(folder: Path, *lines: str) -> Path:
    path = folder / "server.toml"
    path.write_text("\n".join(["config_version = 1", "[store]", *lines]))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("redis://127.0.0.1:6379/0", "redis://:s3%2Fcret@127.0.0.1:6379/0"),
        ("rediss://store.example:6380/1", "rediss://:s3%2Fcret@store.example:6380/1"),
        ("valkeys://user@store.example", "valkeys://user:s3%2Fcret@store.example"),
    ],
)
def test_a_shared_store_is_asked_with_its_password_and_shown_without_it(
    tmp_path: Path, url: str, whole: str
) -> None:
    secret = tmp_path / "etc/credstore/kiosk-server.store.password"
    secret.parent.mkdir(parents=True)
    secret.write_text("s3/cret\n")
    secret.chmod(0o600)
    (tmp_path / "etc/kiosk").mkdir()
    written(tmp_path / "etc/kiosk", f'url = "{url}"')
    loaded = load_server(root=tmp_path)

    settings = settings_of(loaded.config)

    assert settings.store_url == whole
    assert store_file(loaded.config.store, {"STATE_DIRECTORY": str(tmp_path)}) == ""
    assert "/cret" not in repr(settings)
    assert f'url = "{url}"' in as_toml(loaded)
    assert "/cret" not in as_toml(loaded)


def test_a_shared_store_may_be_without_a_password(tmp_path: Path) -> None:
    loaded = load_server(written(tmp_path, 'url = "valkey://localhost"'))

    assert settings_of(loaded.config).store_url == "valkey://localhost"


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("redis://store.example", "use rediss://"),
        ("http://127.0.0.1", "needs valkey://"),
        ("redis://", "needs valkey://"),
        ("rediss://h?ssl_cert_reqs=none", "takes no options"),
        ("redis://h:99999", "needs a host, and a port"),
        ("redis://:secret@127.0.0.1", "without its password"),
    ],
)
def test_a_store_that_will_not_do_is_refused_without_repeating_it(
    tmp_path: Path, url: str, cause: str
) -> None:
    with pytest.raises(ConfigError, match=cause) as refused:
        load_server(written(tmp_path, f'url = "{url}"'))

    assert ":secret" not in str(refused.value)


def test_plain_beyond_this_machine_has_to_be_asked_for(tmp_path: Path) -> None:
    url = 'url = "redis://store.example"'

    load_server(written(tmp_path, url, "[network]", "insecure = true"))


@pytest.mark.parametrize("path", ["of", "memory", "none", ":memory:"])
def test_a_word_that_is_no_file_is_refused_with_the_one_that_is_meant(
    tmp_path: Path, path: str
) -> None:
    told = r'server\.toml:3: \[store\] path: needs a file, e\.g\. ".*", or "off"'
    with pytest.raises(ConfigError, match=told):
        load_server(written(tmp_path, f'path = "{path}"'))


def test_an_authority_is_for_a_store_that_shows_a_certificate(tmp_path: Path) -> None:
    ca_file = 'ca_file = "/etc/kiosk/store-ca.pem"'
    whole = written(tmp_path, 'url = "rediss://store.example"', ca_file)

    assert settings_of(load_server(whole).config).store_ca_file
    with pytest.raises(ConfigError, match="use rediss://"):
        load_server(written(tmp_path, 'url = "redis://localhost"', ca_file))
    with pytest.raises(ConfigError, match="needs a url beside it"):
        load_server(written(tmp_path, ca_file))


def test_there_is_one_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave it out: url names the store"):
        load_server(
            written(tmp_path, 'url = "redis://localhost"', 'path = "/srv/rooms.db"')
        )
