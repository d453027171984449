"""What is read from files: configuration, what was signed, and what we wrote ourselves."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.app.call_memory import FileMemory
from kiosk.config.load import load_kiosk, load_server
from kiosk.disk import Disk
from kiosk.errors import ConfigError, NotAsSigned, UpdateRefused
from kiosk.fleet.spreadsheet import read_sheet
from kiosk.ladder.record import from_text, to_text
from kiosk.provision import record as provision_record
from kiosk.provision.keyfile import read_keyfile
from kiosk.provision.sets import SetDamaged, Sets
from kiosk.pull import record as pull_record
from kiosk.roomserver.enrolment_file import EnrolmentFile
from kiosk.signed.keys import TrustedKey, TrustedKeys, key_id
from kiosk.signed.manifest import as_toml, read_manifest
from kiosk.signed.signature import verify
from kiosk.update.artefact import opened
from kiosk.update.record import Records
from tests.fuzz.target import Target


@cache
def scratch() -> Path:
    """Return a folder of this process; in memory where the machine has one."""
    base = Path("/dev/shm")  # a disk would be what is measured
    place = base if os.access(base, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="kiosk-fuzz-", dir=place))


def file_of(given: bytes, name: str) -> Path:
    path = scratch() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(given)
    return path


def _kiosk_toml(given: bytes) -> None:
    _judged(lambda: load_kiosk(file_of(given, "kiosk.toml")))


def _server_toml(given: bytes) -> None:
    _judged(lambda: load_server(file_of(given, "server.toml")))


def _judged(load: Callable[[], object]) -> None:
    try:
        load()
    except ConfigError as error:
        _judge_lines(error.mistakes)
        raise


def _judge_lines(mistakes: Sequence[str]) -> None:
    assert mistakes
    for line in mistakes:
        assert line.isprintable(), ascii(line)
        assert len(line) <= 2000


def _manifest(given: bytes) -> None:
    manifest = read_manifest(given)
    assert read_manifest(as_toml(manifest)).by_name == manifest.by_name


@cache
def _keys() -> TrustedKeys:
    public = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    return TrustedKeys((TrustedKey("test.pem", key_id(public), public),))


def _signature(given: bytes) -> None:
    verify(b"format = 1\n", given, _keys())
    raise AssertionError("nobody signed that")


def _update(given: bytes) -> None:
    with opened(file_of(given, "x.kiosk-update"), _keys()):
        raise AssertionError("nobody signed that")


def _keyfile(given: bytes) -> None:
    read = read_keyfile(given)
    assert all(finding.line >= 1 for finding in read.findings)


def _sheet(given: bytes) -> None:
    read_sheet("kiosks.csv", given)


def _enrolled(given: bytes) -> None:
    EnrolmentFile(file_of(given, "enrolled.toml")).read()


def _ladder(given: bytes) -> None:
    record = from_text(given.decode("utf-8", "surrogateescape"))
    if not record.is_damaged:
        json.loads(to_text(record))


def _call_memory(given: bytes) -> None:
    FileMemory(file_of(given, "call.json")).recall()


def _provision_record(given: bytes) -> None:
    path = file_of(given, provision_record.NAME)
    provision_record.read_record(path.parent)


def _applied_set(given: bytes) -> None:
    path = file_of(given, "sets/a/set.json")
    Sets(Disk(), path.parent.parent).get("a")


def _pull_record(given: bytes) -> None:
    path = file_of(given, pull_record.NAME)
    pull_record.read_record(path.parent)


def _update_record(given: bytes) -> None:
    root = scratch() / "root"
    records = Records(root)
    file_of(given, str((records.directory / "record.json").relative_to(scratch())))
    records.read()


TOML_WORDS = (
    *(b"[room]\n", b"[[file]]\n", b"[", b"]", b"=", b'"', b'"""', b"'''", b"\\", b"\n"),
    *(b"nan", b"-inf", b"1e999", b"9" * 40, b"0x" + b"f" * 40, b"1979-05-27T07:32:00Z"),
    *(
        b"0001-01-01T00:00:00+23:59",
        b"9999-12-31T23:59:59-23:59",
        b"true",
        b"{a={b=1}}",
    ),
    *(
        b"[" * 40,
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xff\xfe",
        b'"\\u202e"',
        b'"${HOME}"',
        b"~",
    ),
    *(b"\r\n", b"\t", b"a.b.c=1\n", b"''", b'""', b"-1", b"[]", b"#"),
)
_RECORD_WORDS = (
    *(
        b"null",
        b"[]",
        b"{}",
        b"NaN",
        b"1e999",
        b"-1",
        b"true",
        b'"\\ud800"',
        b"9" * 5000,
    ),
    *(b'"seen":', b'"looked":', b'"starts":', b'"places":', b'"format":', b'{"a":1}'),
)

TARGETS = (
    Target("config_kiosk", _kiosk_toml, (ConfigError,), TOML_WORDS),
    Target("config_server", _server_toml, (ConfigError,), TOML_WORDS),
    Target("manifest", _manifest, (NotAsSigned,), TOML_WORDS),
    Target("signature", _signature, (NotAsSigned,)),
    Target("update_file", _update, (NotAsSigned, UpdateRefused)),
    Target("keyfile", _keyfile, (), TOML_WORDS),
    Target(
        "spreadsheet", _sheet, (ConfigError,), (b";", b",", b"\t", b'"', b"\n", b"\0")
    ),
    Target("enrolment", _enrolled, (OSError,), TOML_WORDS),
    Target("ladder_record", _ladder, (), _RECORD_WORDS, is_json=True),
    Target("call_memory", _call_memory, (), _RECORD_WORDS, is_json=True),
    Target("provision_record", _provision_record, (), _RECORD_WORDS, is_json=True),
    Target("applied_set", _applied_set, (SetDamaged,), _RECORD_WORDS, is_json=True),
    Target("pull_record", _pull_record, (), _RECORD_WORDS, is_json=True),
    Target("update_record", _update_record, (), _RECORD_WORDS, is_json=True),
)
