"""
Runs faults: ``python -m tests.faults [ID ...] [--state STATE] [--all] [--report]``.

Without ids: every row of T0 and T1, ``--all`` those that need root, a systemd or the
appliance as well.  Each run is a line of ``faults-out/runs.jsonl``.

``--report`` is a campaign: what survived on this commit is not run again, so that it can
be done in pieces; what failed is repeated once, said to be so; and the section ``faults``
of ``reliability.json`` is written of all lines there are.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults.campaign import Campaign, How


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.faults", description=__doc__)
    parser.add_argument("ids", nargs="*", help="rows, e.g. N04; or families, e.g. N")
    parser.add_argument("--state", help="only this state of the call")
    parser.add_argument("--all", action="store_true", help="every tier")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1, help="so often each")
    parser.add_argument("--stages", type=int, default=2, help="runs at a time")
    parser.add_argument(
        "--patience", type=float, default=1.0, help="stretch all bounds of time"
    )
    parser.add_argument("--report", action="store_true", help="write the figures")
    parser.add_argument("--anew", action="store_true", help="keep no run of before")
    said = parser.parse_args()
    how = How(
        seed=said.seed,
        times=said.times,
        stages=said.stages,
        patience=said.patience,
        goes_on=said.report,
        is_anew=said.anew,
    )
    campaign = Campaign(said.ids, said.state or "", every_tier=said.all, how=how)
    failed = campaign.run()
    if said.report:
        campaign.report()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
