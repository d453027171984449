"""Secrets are compared by ``hmac.compare_digest`` and nothing else (S14)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[3]
MODULES = sorted(
    path
    for package in ("agentdesk", "room", "roomserver", "roomclient", "app")
    for path in (ROOT / "kiosk" / package).rglob("*.py")
)
SECRET = re.compile(
    r"(?i)(^|_)(secrets?|tokens?|passwords?|signatures?|sig|mac|hmac|digest|sha256|"
    r"txsecret|key_hash|token_hash|hashed|bearer|proof|user_sig|usersig)$"
)
PUBLIC = {
    # digests of member lists and of names: nobody's secret
    "kiosk/room/membership.py",
    "kiosk/room/roster.py",
    "kiosk/room/event_batch.py",
    "kiosk/room/group_news.py",
    "kiosk/roomserver/im_cloud.py",
}


def named(node: ast.expr) -> str:
    """Return what an operand is called, or empty."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return named(func)
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case _:
            return ""


def compared(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of every secret that is compared with ``==`` or ``in``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        operands = [node.left, *node.comparators]
        if any(isinstance(one, ast.Constant) for one in operands):
            continue  # whether there is one at all
        if not isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            continue
        for operand in operands:
            if SECRET.search(named(operand)):
                yield node.lineno, named(operand)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_secret_is_compared_in_a_time_that_tells_of_it(path: Path) -> None:
    if str(path.relative_to(ROOT)) in PUBLIC:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert list(compared(tree)) == []


def test_where_secrets_are_judged_they_are_compared_whole() -> None:
    judges = {
        path.name
        for path in MODULES
        if "compare_digest(" in path.read_text(encoding="utf-8")
    }

    assert judges >= {
        "enrolment.py",
        "media_hooks.py",
        "operators.py",
        "sessions.py",
        "stream_ticket.py",
        "stream_url.py",
        "usersig.py",
    }


def test_the_rule_finds_a_comparison_that_tells() -> None:
    tree = ast.parse("if token != self.token: raise No\nreturn given['sig'] == mac()")

    assert [line for line, _ in compared(tree)] == [1, 1, 2, 2]
