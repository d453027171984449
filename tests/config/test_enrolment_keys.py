"""A kiosk's enrolment key: goes with a name, and is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_kiosk
from kiosk.errors import ConfigError
from tests.fakes.stored_secrets import site


KEY = "a1" * 16
ROOM = '[room]\nserver = "https://a"\n'


def loaded_key(tmp_path: Path, text: str, key: str = KEY) -> object:
    root = site(tmp_path, ROOM + text, room__enrolment_key=key)
    return load_kiosk(root=root).config.room.enrolment_key


def test_a_key_is_taken_with_its_name_and_hides_itself(tmp_path: Path) -> None:
    key = loaded_key(tmp_path, 'user_id = "kiosk-7"\n')

    assert key is not None
    assert KEY not in repr(key) + str(key)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", KEY, "enrolment_key: needs the user_id it was made"),
        ('user_id = "a"\ndialect = "v1"', KEY, "dialect: needs v2 with an enrolment"),
        ('user_id = "a"', "short", "needs 16 to 128 characters"),
        ('user_id = "a"', "<put it here>", "needs letters and digits"),
    ],
)
def test_a_key_that_cannot_work_is_named_and_not_quoted(
    tmp_path: Path, text: str, key: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        loaded_key(tmp_path, text, key)

    assert f": {key}" not in str(caught.value)
