"""The manifest: what it may say, and that it is refused with one clear sentence."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import NotAsSigned
from kiosk.signed import manifest as module
from kiosk.signed.manifest import ALL, as_toml, checked_name, read_manifest
from tests.signed.signer import CREATED, FILES, manifest_of, text_of


def altered(old: str, new: str) -> bytes:
    text = text_of().decode()
    assert old in text
    return text.replace(old, new).encode()


def test_what_was_written_is_read_again() -> None:
    manifest = manifest_of(
        ring=10, allow_older=True, about={"version": '1.4 "é"\\\n\x7f'}
    )

    assert read_manifest(as_toml(manifest)) == manifest


def test_the_same_files_in_another_order_give_the_same_bytes() -> None:
    manifest = manifest_of()
    turned = replace(manifest, files=manifest.files[::-1])

    assert as_toml(manifest) == as_toml(turned)


def test_without_a_word_about_rings_it_is_for_everybody() -> None:
    assert read_manifest(text_of()).ring == ALL


def test_it_adds_up_its_files() -> None:
    assert manifest_of().size == sum(map(len, FILES.values()))


def test_a_file_that_is_not_listed_is_vouched_for_by_nobody() -> None:
    with pytest.raises(NotAsSigned, match=r"other\.toml is not in the signed manifest"):
        manifest_of().file("other.toml")


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    manifest = read_manifest(altered("T14:00:00Z", "T22:00:00+08:00"))

    assert manifest.created == CREATED
    assert manifest.created.tzinfo is UTC


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("format = 1", "format = 2", "is of format 2, and this kiosk reads format 1"),
        ("format = 1", "format = 0", "format must be 1"),
        ("format = 1", "format = true", "format must be 1"),
        ("format = 1", "format = 1.0", "format must be 1"),
        ("format = 1", "", "format must be 1"),
        ("format = 1", "format = ", "is not TOML in UTF-8"),
        ('id = "spring"', "", 'id must be text in "quotes"'),
        ('id = "spring"', 'id = "../etc"', "id does not look like one"),
        ('id = "spring"', 'id = ""', "id does not look like one"),
        ("T14:00:00Z", "T14:00:00", "created must be a time such as"),
        ("2026-11-28T14:00:00Z", '"today"', "created must be a time such as"),
        (
            "2026-11-28T14:00:00Z",
            "0001-01-01T00:00:00+23:00",
            "created is no time that can be",
        ),
        ('"provision"', '"updates"', 'kind must be "provision" or "update"'),
        ('"provision"', "1", 'kind must be "provision" or "update"'),
        ('"provision"', '"update"\nring = 101', "ring must be a whole number"),
        ('"provision"', '"update"\nring = -1', "ring must be a whole number"),
        ('"provision"', '"update"\nring = true', "ring must be a whole number"),
        ('"provision"', '"update"\nallow_older = 1', "allow_older must be true or"),
        ('"provision"', '"update"\nrign = 1', "has an unknown key: 'rign'"),
        ('"provision"', '"update"\nabout = 1', r"\[about\] must be a section"),
        ('"provision"', '"update"\nabout = {a = 1}', "'a' must be a short text"),
        ('"provision"', '"update"\nabout = {"a.b" = "c"}', "'a.b' must be a short"),
        ('"provision"', '"update"\nabout = {"" = "c"}', "'' must be a short text"),
        ("sha256 =", "sha265 =", "has an unknown key: 'sha265'"),
        ("size = 26", "size = -1", "size must be a whole number"),
        ("size = 26", "size = 26.0", "size must be a whole number"),
        ("size = 26", "", "size must be a whole number"),
        ('"site.toml"', '"../site.toml"', "is not allowed"),
        ('"site.toml"', '"/site.toml"', "is not allowed"),
        ('"site.toml"', '"a//site.toml"', "is not allowed"),
        ('"site.toml"', '".site.toml"', "is not allowed"),
        ('"site.toml"', '"a\\\\site.toml"', "is not allowed"),
        ('"site.toml"', '"Manifest.toml"', "is taken"),
        ('"site.toml"', '"DEVICES/10000000abcdef01.TOML"', "is named twice"),
        ('"site.toml"', "7", 'name must be text in "quotes"'),
    ],
)
def test_what_it_may_not_say_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(NotAsSigned, match=reason):
        read_manifest(altered(old, new))


@pytest.mark.parametrize("files", ["file = 1", "file = []", "file = [1]"])
def test_files_are_sections(files: str) -> None:
    head = text_of().decode().split("\n\n")[0]

    with pytest.raises(NotAsSigned, match="file"):
        read_manifest(f"{head}\n{files}".encode())


def test_a_missing_list_of_files_is_refused() -> None:
    with pytest.raises(NotAsSigned, match="must name 1 to 8192 files"):
        read_manifest(text_of().split(b"\n\n")[0])


def test_a_manifest_without_end_is_not_read() -> None:
    with pytest.raises(NotAsSigned, match="is larger than 1024 KiB"):
        read_manifest(b"#" * (module.MAX_BYTES + 1))


def test_a_fleet_of_two_thousand_fits() -> None:
    files = {f"devices/10000000{number:08x}.toml": b"" for number in range(2000)}

    assert len(read_manifest(text_of(files)).files) == 2000


def test_brackets_without_end_are_no_manifest() -> None:
    with pytest.raises(NotAsSigned, match="is not TOML"):
        read_manifest(b"a = " + b"[" * 200_000)


def test_a_name_without_end_is_not_allowed() -> None:
    with pytest.raises(ValueError, match="is not allowed"):
        checked_name("a" * 201)


def test_the_text_is_plain_toml() -> None:
    table = tomllib.loads(text_of(about={"version": "1.4"}).decode())

    assert table["about"] == {"version": "1.4"}
    assert table["created"] == datetime(2026, 11, 28, 14, tzinfo=UTC)
    assert [file["name"] for file in table["file"]] == sorted(FILES)


@pytest.mark.hypothesis
@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_in_another_way(content: bytes) -> None:
    try:
        read_manifest(content)
    except NotAsSigned as error:
        assert str(error).startswith("manifest.toml ")  # noqa: PT017 -- any outcome but another error


@pytest.mark.hypothesis
@given(st.text(max_size=60))
def test_any_fact_survives(fact: str) -> None:
    manifest = manifest_of(about={"note": fact.encode(errors="replace").decode()})

    assert read_manifest(as_toml(manifest)) == manifest
