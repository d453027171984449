"""The kiosk's time zone: a name that this machine's files know, or the nearest one."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from kiosk.config.time_zone import TimeZone


ZONE = TypeAdapter[str](TimeZone)


@pytest.mark.parametrize(
    "name", ["Asia/Shanghai", "UTC", "Etc/GMT+8", "America/Argentina/Buenos_Aires"]
)
def test_a_zone_of_iana_is_taken(name: str) -> None:
    assert ZONE.validate_python(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Asia/Shangai", 'did you mean "Asia/Shanghai"?'),
        ("asia/shanghai", 'did you mean "Asia/Shanghai"?'),
        ("Shanghai", 'did you mean "Asia/Shanghai"?'),
        ("Hong Kong", 'did you mean "Asia/Hong_Kong"?'),
        ("Asia", "is no time zone"),
        ("CST-8", "is no time zone"),
        ("right/UTC", "is no time zone"),
        ("../../etc/passwd", "is no time zone"),
        ("", "is no time zone"),
        ("\0", "is no time zone"),
        ("GMT+8", 'e.g. "Asia/Shanghai"'),
    ],
)
def test_anything_else_is_told_the_nearest_or_an_example(name: str, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ZONE.validate_python(name)

    assert told in str(refused.value)
