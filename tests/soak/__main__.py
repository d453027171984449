"""
``python -m tests.soak [CALLS] [--seed N] [--anew]``: many calls in one kiosk process.

Real calls (pressed, seen from both sides, hung up), four of ten with something going
wrong that is drawn from the seed and the call's number.  Threads and descriptors must
be the same before and after, and the idle process may grow by 2 kB a call (least
squares over what it held every ten calls, once it was warm).

What is made is noted in ``soak-out/calls.jsonl``: a run that was interrupted goes on
with the next call, in a new process whose size is counted from its own beginning.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.reliability.results import write
from tests.soak.calls import FAILED, call
from tests.soak.notebook import Notebook
from tests.soak.report import figures, print_report, shortfalls
from tests.soak.site import Site, open_site
from tests.soak.troubles import trouble_of


CALLS: Final = 1000
SHARE: Final = 0.4
"""Of all calls, how many something befalls."""
EACH: Final = 10
"""Calls between two looks at its memory."""
OUT: Final = Path("soak-out")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("calls", nargs="?", type=int, default=CALLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anew", action="store_true", help="forget what was made")
    options = parser.parse_args(arguments)
    notebook = Notebook(OUT / "calls.jsonl", options.seed, anew=options.anew)
    with suppress(KeyboardInterrupt):
        while notebook.calls < options.calls:
            _soak(notebook, options.calls)
    if notebook.calls:
        write("soak", figures(notebook))
    print_report(notebook)
    return 1 if shortfalls(notebook) or notebook.calls < options.calls else 0


def _soak(notebook: Notebook, calls: int) -> None:
    """Call until all calls are made, or one failed: its process is of no use then."""
    with open_site() as site:
        _one(site, notebook)  # imports, codecs and sockets of the first call
        before = site.held()
        notebook.begin_process(before)
        failed = False
        while notebook.calls < calls and not failed:
            failed = _one(site, notebook)
            if notebook.calls % EACH == 0 and not failed:
                notebook.note_size(*site.rested())
        if not failed:
            after = site.held()
            notebook.end_process(after, [] if after == before else site.descriptors())


def _one(site: Site, notebook: Notebook) -> bool:
    """Make a call and note it; return whether it failed."""
    number = notebook.calls + 1
    trouble = trouble_of(notebook.seed, number, SHARE)
    outcome = call(site, trouble)
    notebook.note_call(number, trouble, outcome)
    print(
        f"{time.strftime('%H:%M:%S')} call {number}: {trouble.name}, "
        f"{outcome.result} ({outcome.seconds:.1f} s) {outcome.why[:100]}",
        flush=True,
    )
    return outcome.result == FAILED


if __name__ == "__main__":
    sys.exit(main())
