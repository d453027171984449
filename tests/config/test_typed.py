"""Settings typed for one start stand above every file, and say where they are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_kiosk
from kiosk.config.show import as_toml
from kiosk.config.typed import overrides_of
from kiosk.errors import ConfigError


ROOM = '[room]\nserver = "https://a"\n[call]\nconsent = false\n'


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("call.consent=true", True),
        ("call.consent_s = 3.5", 3.5),
        ("call.consent=yes", "yes"),
        ('call.consent="true"', "true"),
        ("call.consent=", ""),
        ("call.consent=a=b", "a=b"),
        ("call.consent=1\ngrace_s = 2", "1\ngrace_s = 2"),
        ('call.consent=["a", "b"]', ["a", "b"]),
        ("call.consent=" + "[" * 5000, "[" * 5000),
    ],
)
def test_a_typed_value_is_toml_or_else_a_text(typed: str, value: object) -> None:
    ((section, keys),) = overrides_of([typed]).items()

    assert section == "call"
    assert list(keys.values()) == [value]


def test_the_last_one_counts() -> None:
    assert overrides_of(["a.b=1", "a.c=2", "a.b=3"]) == {"a": {"b": 3, "c": 2}}


@pytest.mark.parametrize("typed", ["", "call", "call.consent", "consent=1", ".a=1"])
def test_what_is_no_setting_is_named_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match=r"must be SECTION\.KEY=VALUE, e\.g\. --set"):
        overrides_of([typed])


def test_a_typed_setting_stands_above_the_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(ROOM)

    loaded = load_kiosk(path, overrides=overrides_of(["call.consent=true"]))

    assert loaded.config.call.consent
    shown = as_toml(loaded, with_origin=True)
    assert "consent = true  # command line" in shown
    assert f'server = "https://a"  # {path}:2' in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("call.consnt=true", "command line: [call] consnt: unknown key; did you mean"),
        ("call.consent=yes", "command line: [call] consent: must be true or false"),
        ("room.enrolment_key=a1a1", "command line: [room] enrolment_key: is a secret"),
    ],
)
def test_a_typed_mistake_is_told_like_one_in_a_file(
    tmp_path: Path, typed: str, said: str
) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(ROOM)

    with pytest.raises(ConfigError) as caught:
        load_kiosk(path, overrides=overrides_of([typed]))

    (line,) = caught.value.mistakes
    assert line.startswith(said)
