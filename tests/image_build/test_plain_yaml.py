"""Layers are read in the part of YAML that cannot be read in two ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.errors import NotRead
from layers.plain_yaml import read


GOOD = """\
# a comment
---
mmdebstrap:
  packages:
    - python3-av
  # between two lists
  customize-hooks:
    - install -d "$1/etc"
    - |-
      # of the shell
      set -eu
      if true; then

        echo "a: b # c"
      fi

trait:
  hw:storage:emmc: true
"""


def read_text(folder: Path, text: str) -> object:
    path = folder / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path)


def test_mappings_lists_and_blocks_are_read(tmp_path: Path) -> None:
    block = '# of the shell\nset -eu\nif true; then\n\n  echo "a: b # c"\nfi'

    assert read_text(tmp_path, GOOD) == {
        "mmdebstrap": {
            "packages": ["python3-av"],
            "customize-hooks": ['install -d "$1/etc"', block],
        },
        "trait": {"hw:storage:emmc": True},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n  - one\n  two\n", "3: expected '- ' and text"),
        ("a:\n   b: c\n", "2: expected 2 spaces"),
        ("a: b: c\n", "1: text that YAML may read in another way"),
        ("a: b # why\n", "1: text that YAML may read in another way"),
        ("a: 'b'\n", "1: text that YAML may read in another way"),
        ("a: [b, c]\n", "1: text that YAML may read in another way"),
        ("a:\n  - >-\n    folded\n", "2: text that YAML may read in another way"),
        ("a: b\na: c\n", "2: 'a' is there twice"),
        ("a:\nb: c\n", "1: nothing is below this key"),
        ("a:\n  - |-\n  - b\n", "2: a block's first line has 4 spaces"),
        ("a: b\n  c: d\n", "2: expected 0 spaces"),
        ("a:\tb\n", "1: a tab"),
        ("just words\n", "1: expected 'key:'"),
    ],
)
def test_whatever_else_yaml_allows_is_refused_with_its_line(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(NotRead) as error:
        read_text(tmp_path, text)

    assert f"some.yaml:{told}" in str(error.value)
