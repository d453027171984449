"""
Small mistakes in Python source: each a changed copy of a module's tree.

Docstrings, annotations and decorators are left alone: nothing runs there, or all does.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from typing_extensions import override


_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_LEFT_ALONE = frozenset({"annotation", "returns", "decorator_list"})
Place = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a file: which node becomes what."""

    file: str
    line: int
    place: Place
    kind: str
    words: str

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.kind}: {self.words}"

    @property
    def key(self) -> str:
        """Words for this mistake and no other."""
        place = ".".join(f"{name}{number}" for name, number in self.place)
        return f"{self.file} {place} {self.kind}"


def mistakes_in(file: str, source: str) -> Iterator[Mistake]:
    """Yield every mistake that can be made in a module."""
    tree = ast.parse(source)
    for place, node in _nodes(tree, ()):
        for kind, change in _CHANGES.items():
            changed = change(node)
            if changed is not None:
                words = f"{ast.unparse(node)[:60]} -> {ast.unparse(changed)[:60]}"
                line = getattr(node, "lineno", 0)
                yield Mistake(file, line, place, kind, words)


def with_mistake(source: str, mistake: Mistake) -> ast.Module:
    """Return the module's tree with the mistake made."""
    tree = ast.parse(source)
    node: ast.AST = tree
    for name, index in mistake.place[:-1]:
        node = _child(node, name, index)
    name, index = mistake.place[-1]
    changed = _CHANGES[mistake.kind](_child(node, name, index))
    assert changed is not None, mistake
    if index is None:
        setattr(node, name, changed)
    else:
        getattr(node, name)[index] = changed
    return ast.fix_missing_locations(tree)


def is_in_function(source: str, mistake: Mistake) -> bool:
    """Say whether it takes effect when a function is called, not when it is made."""
    node: ast.AST = ast.parse(source)
    for name, index in mistake.place:
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and name == "body":
            return True
        node = _child(node, name, index)
    return False


def _child(node: ast.AST, name: str, index: int | None) -> ast.AST:
    child = getattr(node, name)
    found: ast.AST = child if index is None else child[index]
    return found


def _nodes(node: ast.AST, place: Place) -> Iterator[tuple[Place, ast.AST]]:
    for name, value in ast.iter_fields(node):
        is_class = isinstance(node, ast.ClassDef)
        if name in _LEFT_ALONE or (is_class and name in {"bases", "keywords"}):
            continue
        children = (
            list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        )
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            at = (*place, (name, index))
            yield at, child
            yield from _nodes(child, at)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _operator(node: ast.AST) -> ast.AST | None:
    changed = copy.copy(node)
    if isinstance(changed, ast.Compare) and type(changed.ops[0]) in _OTHER:
        first = _OTHER[type(changed.ops[0])]()
        changed.ops = [first, *changed.ops[1:]]  # type: ignore[list-item]
        return changed
    if isinstance(changed, ast.BoolOp | ast.BinOp | ast.AugAssign):
        other = _OTHER.get(type(changed.op))
        if other is not None:
            changed.op = other()  # type: ignore[assignment]
            return changed
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    return None


def _constant(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Constant):
        return None
    match node.value:
        case bool(value):
            return ast.Constant(not value)
        case int(value) | float(value):
            return ast.Constant(value + 1)
        case str(text):
            return ast.Constant(f"{text}!")
        case bytes(raw):
            return ast.Constant(raw + b"!")
        case _:
            return None


def _return(node: ast.AST) -> ast.AST | None:
    if isinstance(node, ast.Return) and node.value is not None:
        is_none = isinstance(node.value, ast.Constant) and node.value.value is None
        return None if is_none else ast.Return(ast.Constant(None))
    return None


def _statement(node: ast.AST) -> ast.AST | None:
    droppable = ast.Expr | ast.Assign | ast.AugAssign | ast.Raise | ast.Delete
    return ast.Pass() if isinstance(node, droppable) else None


def _condition(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.If | ast.IfExp):
        return None
    changed = copy.copy(node)
    changed.test = ast.UnaryOp(ast.Not(), node.test)
    return changed


def _arguments(node: ast.AST) -> ast.AST | None:
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return None
    if any(isinstance(one, ast.Starred) for one in node.args[:2]):
        return None
    changed = copy.copy(node)
    changed.args = [node.args[1], node.args[0], *node.args[2:]]
    return changed


_CHANGES: dict[str, Callable[[ast.AST], ast.AST | None]] = {
    "operator": _operator,
    "constant": _constant,
    "return": _return,
    "statement": _statement,
    "condition": _condition,
    "arguments": _arguments,
}
