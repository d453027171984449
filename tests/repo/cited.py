"""Which tests there are, for tables that cite tests."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


ROOT = Path(__file__).parents[2]


@cache
def known() -> dict[str, frozenset[str]]:
    """Return the names of the test functions of each file, by its path from the root."""
    return {
        str(path.relative_to(ROOT)): frozenset(
            node.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        )
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
    }
