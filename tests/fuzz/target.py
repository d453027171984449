"""
What is fuzzed: a function that takes any bytes, and the only errors it may raise.

A target's seeds are the files of ``tests/fuzz/corpus/<name>``: from the wire goldens,
from lists of traps, and one for every finding.  An input has a number; the same number
of the same seed is always the same input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tests.fuzz.json_mutations import worse_tree
from tests.fuzz.mutations import mutated


CORPUS = Path(__file__).with_name("corpus")
LONGEST_INPUT = 64 * 1024
_SEED_BITS = 40


@dataclass(frozen=True, slots=True)
class Target:
    """
    One border of the product.

    Attributes:
        name: Of the folder of its corpus, too.
        run: Gives the product one input and checks what became of it.
        may_raise: The documented errors; any other is a finding.
        words: What inputs of this kind are made of, to be put in anywhere.
        is_json: Half of the inputs are changed as trees and stay JSON.

    """

    name: str
    run: Callable[[bytes], object]
    may_raise: tuple[type[Exception], ...] = ()
    words: tuple[bytes, ...] = ()
    is_json: bool = False

    @property
    def contract(self) -> str:
        return ", ".join(one.__name__ for one in self.may_raise) or "nothing"

    def take(self, given: bytes) -> bool:
        """Give it one input; say whether it was refused."""
        try:
            self.run(given)
        except self.may_raise:
            return True
        return False


@cache
def corpus_of(name: str) -> tuple[bytes, ...]:
    """Return the files of a target's corpus, in the order of their names."""
    files = sorted((CORPUS / name).iterdir())
    return tuple(file.read_bytes() for file in files)


def input_of(target: Target, seed: int, number: int) -> bytes:
    """Return the input with a number: a file of the corpus made worse."""
    random = Random(seed << _SEED_BITS | number)
    corpus = corpus_of(target.name)
    whole, other = random.choice(corpus), random.choice(corpus)
    if target.is_json and random.getrandbits(1):
        return worse_tree(whole, random)[:LONGEST_INPUT]
    worse = mutated(whole, other, random, words=target.words)
    return worse[:LONGEST_INPUT]
