"""The mutators make the mistakes they say, and the tests notice them."""

from __future__ import annotations

import ast
import gc
from pathlib import Path
from types import FunctionType

from kiosk.call.states import State
from kiosk.room.pauses import Pauses
from tests.mutation.code import put_in
from tests.mutation.equals import named, reason_of, words_of
from tests.mutation.forked import ENDED, ROOT, shared, verdict_of
from tests.mutation.kept import Kept
from tests.mutation.mutator import Mistake, is_in_function, mistakes_in, with_mistake
from tests.mutation.table_mutants import TableMutant, all_mutants


SOURCE = '''"""Words."""
def f(a: int, b: int) -> bool:
    """More words."""
    g(a, b)
    if a < b and not b == 2:
        return a + 1
    return None
'''


def test_each_mistake_is_made_and_no_other() -> None:
    found = list(mistakes_in("m.py", SOURCE))

    texts = {ast.unparse(with_mistake(SOURCE, one)) for one in found}

    assert {one.kind for one in found} == {
        "operator",
        "constant",
        "return",
        "statement",
        "condition",
        "arguments",
    }
    assert len(texts) == len(found)
    assert ast.unparse(ast.parse(SOURCE)) not in texts
    assert all('"""Words."""' in text and "a: int" in text for text in texts)


def test_every_row_can_be_missing_lead_elsewhere_or_order_less() -> None:
    mutants = list(all_mutants())

    assert len({str(one) for one in mutants}) == len(mutants)
    assert sum(one.target is None and one.dropped is None for one in mutants) > 100
    assert sum(one.target is not None for one in mutants) > 1_000
    assert sum(one.dropped is not None for one in mutants) > 500


def in_memory(mistake: Mistake) -> list[FunctionType]:
    """Return the functions of a module, where :func:`put_in` looks for them."""
    file = str(ROOT / mistake.file)
    known = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
    return [one for one in known if one.__code__.co_filename == file]


def a_mistake_of_pauses(words: str) -> Mistake:
    file = "kiosk/room/pauses.py"
    source = (ROOT / file).read_text(encoding="utf-8")
    return next(one for one in mistakes_in(file, source) if words in str(one))


def test_a_mistake_is_put_into_the_function_that_everybody_has() -> None:
    mistake = a_mistake_of_pauses("1.0 - 0.2 * self.scatter() -> 1.0 + ")

    def spread_s() -> int:
        made = put_in(mistake, in_memory(mistake))
        return round(Pauses(lambda: 1.0).spread(10)) if made else 0

    assert round(Pauses(lambda: 1.0).spread(10)) == 8
    assert verdict_of(spread_s) == 12
    assert round(Pauses(lambda: 1.0).spread(10)) == 8


def test_what_takes_effect_at_import_is_told_from_what_a_call_does() -> None:
    source = (ROOT / "kiosk/room/pauses.py").read_text(encoding="utf-8")

    assert is_in_function(source, a_mistake_of_pauses("1.0 - 0.2"))
    assert not is_in_function(source, a_mistake_of_pauses("0.5 -> 1.5"))


def test_whoever_dies_or_never_ends_has_noticed() -> None:
    def dies(_: int) -> int:
        raise SystemExit

    assert [verdict for _, verdict in shared([1, 2, 3], dies)] == [ENDED] * 3


def test_verdicts_hold_until_a_file_that_matters_is_another(tmp_path: Path) -> None:
    matters = tmp_path / "tests"
    matters.mkdir()
    Kept(tmp_path / "kept", [str(matters)]).add("a mutant", 1)
    assert Kept(tmp_path / "kept", [str(matters)]).verdicts == {"a mutant": 1}

    (matters / "test_more.py").write_text("def test_more(): ...")

    assert Kept(tmp_path / "kept", [str(matters)]).verdicts == {}


def of_table(state: State, trigger: str, order: str) -> TableMutant:
    return next(
        one
        for one in all_mutants()
        if one.state is state and f"{trigger} without {order}" in str(one)
    )


def test_an_order_that_is_so_already_is_no_mistake_to_leave_out() -> None:
    at_rest = of_table(State.IDLE, "CallPressed", "ClearTimer(timer=<Timer.ENDED")
    ended = of_table(State.ENDED, "CallPressed", "ClearTimer(timer=<Timer.ENDED")
    camera = of_table(State.IN_CALL, "HangupPressed", "StopMedia")

    assert reason_of(at_rest)
    assert not reason_of(ended)
    assert not reason_of(camera)


def test_every_mistake_that_is_named_as_none_can_be_made() -> None:
    files = {words.split()[0] for words in named()}
    made = {
        words_of(one)
        for file in files
        for one in mistakes_in(file, (ROOT / file).read_text(encoding="utf-8"))
    }

    assert set(named()) <= made
