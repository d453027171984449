"""Whatever stands in a file, it loads or is refused with file and key named."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kiosk.config.load import examine_kiosk, load_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.config.section import sections
from kiosk.errors import ConfigError


KEYS = sorted(
    (section, key)
    for section, inner in sections(KioskConfig).items()
    for key in inner.model_fields
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.one_of(
    st.booleans().map(json.dumps),
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(str),
    st.sampled_from(["1979-05-27", "07:32:00", "[]", "{}", "[[1], [2]]", "{a = 1}"]),
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=True)).filter(
        lambda text: "\\ud" not in text  # TOML knows no surrogates
    ),
    st.lists(TEXTS.map(lambda text: f"'{text}'"), max_size=3).map(
        lambda items: f"[{', '.join(item for item in items if item.isprintable())}]"
    ),
)


@given(place=st.sampled_from(KEYS), value=VALUES)
def test_any_value_of_any_key_loads_or_is_refused_by_name(
    place: tuple[str, str], value: str
) -> None:
    section, key = place
    server = '[room]\nserver = "https://a"\n' if place != ("room", "server") else ""
    header = "" if section == "room" and server else f"[{section}]\n"
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "a.toml")
        file.write_text(f"{server}{header}{key} = {value}\n")

        try:
            load_kiosk(file)
        except ConfigError as error:
            for line in error.mistakes:
                assert line.startswith(f"{file}:")
                assert line.isprintable()
                assert key in line or "not TOML" in line or "[media] target_ms" in line


@given(name=TEXTS, section=st.sampled_from([None, "room", "camera"]))
def test_any_unknown_name_is_refused_by_name(name: str, section: str | None) -> None:
    quoted = json.dumps(name, ensure_ascii=True)
    if "\\ud" in quoted or (section is None and name in KioskConfig.model_fields):
        return
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "a.toml")
        header = f"[{section}]\n" if section else ""
        file.write_text(f"{header}{quoted} = 1\n")

        problem = examine_kiosk(file)[1]

    assert problem is not None
    assert str(file) in problem.mistakes[0]
    assert all(line.isprintable() for line in problem.mistakes)


@given(content=st.binary(max_size=200))
def test_any_bytes_load_or_are_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "a.toml")
        file.write_bytes(content)

        problem = examine_kiosk(file)[1]

    assert problem is not None
    assert str(file) in problem.mistakes[0]
