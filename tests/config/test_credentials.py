"""Secrets come from files of their own, and each thing wrong with one is one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from kiosk.config import credentials
from kiosk.config.credentials import Credential, Secrets, read_secrets
from kiosk.config.load import examine_kiosk, load_kiosk, load_server
from kiosk.config.schema import KioskConfig
from kiosk.config.section import Section, sections
from kiosk.config.server_schema import ServerConfig
from kiosk.config.show import as_toml
from kiosk.errors import ConfigError


KEY = "a1" * 16
NOBODY = 65_534
NAME = "kiosk.room.enrolment_key"
ROOM = '[room]\nserver = "https://rooms.example"\nuser_id = "kiosk-7"\n'


def device(
    root: Path, content: bytes = KEY.encode(), *, name: str = NAME, mode: int = 0o600
) -> Path:
    """Make a device's root directory with a configuration and one secret."""
    (root / "etc/kiosk").mkdir(parents=True)
    (root / "etc/kiosk/kiosk.toml").write_text(ROOM)
    store = root / "etc/credstore"
    store.mkdir(mode=0o700)
    path = store / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def only_mistake(root: Path) -> str:
    _, problem = examine_kiosk(root=root)

    assert problem is not None
    (line,) = problem.mistakes
    return line


def in_directory(directory: Path) -> Secrets:
    environment = {credentials.VARIABLE: str(directory)}
    return read_secrets(credentials.KIOSK, Path("/"), environment=environment)


@pytest.mark.parametrize(
    ("table", "model"),
    [(credentials.KIOSK, KioskConfig), (credentials.SERVER, ServerConfig)],
)
def test_every_secret_of_the_schema_is_a_credential_and_every_credential_a_setting(
    table: tuple[Credential, ...], model: type[Section]
) -> None:
    secret = {
        (section, key)
        for section, inner in sections(model).items()
        for key, field in inner.model_fields.items()
        if SecretStr.__name__ in str(field.annotation)
    }
    settings = {
        (section, key)
        for section, inner in sections(model).items()
        for key in inner.model_fields
    }

    assert {one.path for one in table if not one.is_file} == secret
    assert {one.path for one in table} <= settings


def test_no_service_gets_the_secrets_of_the_other() -> None:
    """``ImportCredential=kiosk.*`` must not fit a name of the server's."""
    assert all(one.name.startswith("kiosk.") for one in credentials.KIOSK)
    assert not any(one.name.startswith("kiosk.") for one in credentials.SERVER)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_secret_in_the_store_is_the_setting_it_is_named_after(
    tmp_path: Path, end: bytes
) -> None:
    path = device(tmp_path, KEY.encode() + end)

    loaded = load_kiosk(root=tmp_path)

    key = loaded.config.room.enrolment_key
    assert key is not None
    assert key.get_secret_value() == KEY
    assert f'enrolment_key = "********"  # {path}' in as_toml(loaded, with_origin=True)


def test_a_secret_that_is_a_file_is_named_by_its_path(tmp_path: Path) -> None:
    path = device(tmp_path, b"-----BEGIN -\n", name="kiosk.network.key")
    (tmp_path / "etc/kiosk/kiosk.toml").write_text(
        f'{ROOM}[network]\ncertificate = "/etc/kiosk/kiosk.pem"\n'
    )

    assert load_kiosk(root=tmp_path).config.network.key == str(path)


def test_a_service_reads_the_directory_that_systemd_names(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(KEY)
    (tmp_path / NAME).chmod(0o440)  # as systemd's access list for its user shows
    (tmp_path / "kiosk-server.server.push_key").write_text("another program's")
    (tmp_path / "sshd.key").write_text("another program's")

    secrets = in_directory(tmp_path)

    assert not secrets.mistakes
    assert [document.table for document in secrets.documents] == [
        {"room": {"enrolment_key": KEY}}
    ]


def test_a_service_without_credentials_has_none(tmp_path: Path) -> None:
    assert in_directory(tmp_path / "never made") == Secrets()


def test_a_single_file_of_a_developer_leaves_the_store_alone(tmp_path: Path) -> None:
    device(tmp_path)

    secrets = read_secrets(credentials.KIOSK, tmp_path, only_given=True, environment={})

    assert secrets == Secrets()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty; store it again: sudo install -D -m 600"),
        (b" \n", "is empty"),
        (b"\xff\xfe" + KEY.encode("utf-16-le"), "must be one line of text"),
        (b"\x80\x00\x01", "must be one line of text"),
        (KEY.encode() + b"\n" + KEY.encode(), "must be one line of text"),
        (b"\xef\xbb\xbf" + KEY.encode(), "must be one line of text"),
        (b"a" * 5000, "is larger than 4 KiB"),
        (b"short", "needs 16 to 128 characters"),
        (KEY.encode() + b" ", "needs letters and digits only"),
    ],
)
def test_a_secret_that_cannot_be_right_is_one_line_with_its_file(
    tmp_path: Path, content: bytes, what: str
) -> None:
    path = device(tmp_path, content)

    line = only_mistake(tmp_path)

    assert line.startswith(f"{path}: ")
    assert what in line


@pytest.mark.parametrize("mode", [0o604, 0o606, 0o620, 0o644, 0o666])
def test_a_secret_that_others_may_read_is_refused_with_the_command(
    tmp_path: Path, mode: int
) -> None:
    path = device(tmp_path, mode=mode)

    line = only_mistake(tmp_path)

    assert line.endswith(f"others may read or write this secret; sudo chmod 600 {path}")


@pytest.mark.parametrize(("store_mode", "is_refused"), [(0o755, True), (0o700, False)])
def test_a_copy_by_systemd_is_refused_where_others_may_read_its_source(
    tmp_path: Path, store_mode: int, *, is_refused: bool
) -> None:
    source = device(tmp_path, mode=0o644)
    source.parent.chmod(store_mode)
    given = tmp_path / "given"
    given.mkdir()
    (given / NAME).write_text(KEY)
    (given / NAME).chmod(0o400)

    secrets = read_secrets(
        credentials.KIOSK,
        Path("/"),
        environment={credentials.VARIABLE: str(given)},
        source=source.parent,
    )

    assert bool(secrets.mistakes) is is_refused
    assert bool(secrets.documents) is not is_refused
    assert all(f"sudo chmod 600 {source}" in line for line in secrets.mistakes)


def test_a_misspelt_secret_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    device(tmp_path, name="kiosk.room.enrollment_key")

    assert f"did you mean {NAME}?" in only_mistake(tmp_path)


def test_a_secret_of_no_setting_is_told_with_those_there_are(tmp_path: Path) -> None:
    device(tmp_path, name="kiosk.wifi")

    assert f"there are: {NAME}, kiosk.network.key" in only_mistake(tmp_path)


def test_a_pipe_in_the_place_of_a_secret_is_not_waited_for(tmp_path: Path) -> None:
    path = device(tmp_path)
    path.unlink()
    os.mkfifo(path, 0o600)

    assert "is no file but a pipe or a device" in only_mistake(tmp_path)


def test_a_file_in_the_place_of_the_store_is_told(tmp_path: Path) -> None:
    device(tmp_path).unlink()
    (tmp_path / "etc/credstore").rmdir()
    (tmp_path / "etc/credstore").write_text(KEY)

    assert "is no directory of credentials" in only_mistake(tmp_path)


def test_a_wrong_secret_hides_no_rule_that_does_not_rest_on_it(tmp_path: Path) -> None:
    device(tmp_path, b"short", name="kiosk-server.media.hook_secret")
    (tmp_path / "etc/kiosk/server.toml").write_text(
        '[media]\nbackend = "nginx"\n[im]\nprovider = "tencent"\n'
    )

    with pytest.raises(ConfigError) as caught:
        load_server(root=tmp_path)

    told = "\n".join(caught.value.mistakes)
    assert "hook_secret: needs 16 to 128 characters" in told
    assert "[im] provider: needs" in told
    assert "needs hook_secret beside it" not in told


def test_the_store_is_roots_and_others_are_told_so_without_false_mistakes(
    tmp_path: Path,
) -> None:
    device(tmp_path)

    with as_nobody(tmp_path / "etc/credstore"):
        looked = read_secrets(credentials.KIOSK, tmp_path, environment={})
        started = read_secrets(credentials.KIOSK, tmp_path, to_run=True, environment={})

    assert "only root may, with sudo" in looked.notices[0]
    assert looked.unknown == {one.path for one in credentials.KIOSK}
    assert started == Secrets()


@contextmanager
def as_nobody(directory: Path) -> Iterator[None]:
    """Be a user who may not look into a directory; tests are run by root, too."""
    user, mode = os.geteuid(), directory.stat().st_mode
    directory.chmod(0)
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        directory.chmod(mode)


def test_what_the_store_holds_sealed_counts_as_there(tmp_path: Path) -> None:
    device(tmp_path, name="kiosk.network.key").unlink()
    (tmp_path / "etc/credstore.encrypted").mkdir()
    (tmp_path / "etc/credstore.encrypted/kiosk.network.key").write_bytes(b"sealed")
    (tmp_path / "etc/kiosk/kiosk.toml").write_text(
        f'{ROOM}[network]\ncertificate = "/etc/kiosk/kiosk.pem"\n'
    )

    assert load_kiosk(root=tmp_path).config.network.key is None
