"""
Our receiving half without playout as a process: ``... far_reader URL SECONDS``.

Ends by printing one JSON object: when each picture was painted, and how old it
was when it came out of the decoder.
"""

from __future__ import annotations

import json
import sys

from tests.bench.subscriber import subscribe


if __name__ == "__main__":
    ages = subscribe(sys.argv[1], float(sys.argv[2]))
    print(json.dumps({"series": ages.series, "unreadable": ages.unreadable}))
