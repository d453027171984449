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
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "valkey://localhost",
        "rediss://:s3cret@store.example:6380/1",
        "valkeys://user:s%2Fcret@store.example",
    ],
)
def test_a_shared_store_is_taken_in_the_place_of_a_file(
    tmp_path: Path, url: str
) -> None:
    loaded = load_server(written(tmp_path, f'url = "{url}"'))

    settings = settings_of(loaded.config)

    assert settings.store_url == url
    assert store_file(loaded.config.store, {"STATE_DIRECTORY": str(tmp_path)}) == ""
    assert url not in repr(settings)
    assert 'url = "********"' in as_toml(loaded)


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("redis://store.example", "use rediss://"),
        ("http://127.0.0.1", "needs valkey://"),
        ("redis://", "needs valkey://"),
        ("rediss://h?ssl_cert_reqs=none", "takes no options"),
        ("redis://h:99999", "needs a host, and a port"),
        ("redis://:se cret@127.0.0.1", "letters and digits only"),
    ],
)
def test_a_store_that_will_not_do_is_refused_without_repeating_it(
    tmp_path: Path, url: str, cause: str
) -> None:
    with pytest.raises(ConfigError, match=cause) as refused:
        load_server(written(tmp_path, f'url = "{url}"'))

    assert "cret" not in str(refused.value)


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
