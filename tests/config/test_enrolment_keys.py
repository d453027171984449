"""A kiosk's enrolment key: goes with a name, and is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config.load import load_kiosk
from kiosk.errors import ConfigError


KEY = "a1" * 16
ROOM = '[room]\nserver = "https://a"\n'


def loaded_key(tmp_path: Path, text: str) -> object:
    (tmp_path / "a.toml").write_text(ROOM + text)
    return load_kiosk(tmp_path / "a.toml").config.room.enrolment_key


def test_a_key_is_taken_with_its_name_and_hides_itself(tmp_path: Path) -> None:
    key = loaded_key(tmp_path, f'user_id = "kiosk-7"\nenrolment_key = "{KEY}"\n')

    assert key is not None
    assert KEY not in repr(key) + str(key)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'enrolment_key = "{KEY}"', "enrolment_key: needs the user_id it was made"),
        (
            f'user_id = "a"\nenrolment_key = "{KEY}"\ndialect = "v1"',
            "dialect: needs v2 with an enrolment_key",
        ),
        ('user_id = "a"\nenrolment_key = "short"', "needs 16 to 128 characters"),
        ('user_id = "a"\nenrolment_key = "<put it here>"', "needs letters and digits"),
    ],
)
def test_a_key_that_cannot_work_is_named_and_not_quoted(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        loaded_key(tmp_path, text)

    assert KEY not in str(caught.value)
