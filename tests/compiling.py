"""Compiles what most tests run, before they begin: searches and pairings in one process, groups in another.

On a machine's first run both processes of the tests would else compile the same, each for itself, which takes minutes.
Where all is compiled already this takes seconds.

    python -m tests.compiling
"""

from __future__ import annotations

import multiprocessing
import sys
import time

import numpy as np

from matcher import GroupingProblem, MemberIndex, recommend_buddies, rematch, solve_grouping
from matcher.grouping.warm_up import load_compiled
from matcher.members.sample import SAMPLE_DAY
from matcher.members.vocabulary import KINDS
from matcher.rematch.config import RematchConfig
from tests.rematch.communities import community, past


def searches_and_pairings() -> None:
    """Ask for peers, and rematch a few members within a churn limit."""
    members = community(60, 1)
    index = MemberIndex.build(members, SAMPLE_DAY)
    for kind in KINDS:
        recommend_buddies(index, members[0].member_id, 3, kind)
    config = {"ties": ["buddy", "mentor"], "churn": {"share": 0.5, "sweep": [0.3]}, "bonus": {"kept": 0.1}}
    rematch(members, past(members, 3), RematchConfig.parse(config), SAMPLE_DAY)


def groups() -> None:
    """Form a few groups, of members and of a bare matrix."""
    load_compiled()
    affinity = np.random.default_rng(0).random((12, 12))
    solve_grouping(GroupingProblem(affinity + affinity.T, 3, 5), 60.0, iterations=50)


def main() -> None:
    """Do both at once."""
    began = time.monotonic()
    spawning = multiprocessing.get_context("spawn")
    works = [spawning.Process(target=work) for work in (searches_and_pairings, groups)]
    for work in works:
        work.start()
    for work in works:
        work.join()
    if any(work.exitcode for work in works):
        sys.exit("compiling: failed, see above")
    print(f"compiling: ready in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
