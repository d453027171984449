"""A judge of documents that is not ours: the library jsonschema."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any


_LIBRARY: Any = importlib.import_module("jsonschema")


class Judge:
    """Judges documents by one JSON Schema, which it has found to be one."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        kind = _LIBRARY.validators.validator_for(schema)
        kind.check_schema(schema)
        self._validator = kind(schema)

    def mistakes(self, document: object) -> list[str]:
        """Return what is wrong with a document, a line each."""
        return [
            f"{'.'.join(map(str, found.absolute_path))}: {found.message}"
            for found in self._validator.iter_errors(document)
        ]
