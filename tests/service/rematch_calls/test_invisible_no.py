"""The same days twice, with a no and with silence: a rematch and what is told of applying it are the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from matcher.rematch.config import RematchConfig
from matcher.rematch.history import Tie
from service.community import Community
from service.settings import Settings
from service.storage import matches, rematches
from service.storage.match_row import Given, MatchRow
from service.use_cases.answer_match import decline_match
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.rematch_history import told_of
from service.use_cases.rematches import ask_for_rematch, rematch_file, see_rematch
from service.use_cases.store_members import store_members
from service.use_cases.stored_profiles import everybody
from tests.service.conftest import do_all_jobs
from tests.service.matches.conftest import Clock
from tests.service.rematch_calls.conftest import ANALYST, apply, drawn, tie


def lived(folder: Path, *, no: bool) -> list[dict[str, Any]]:
    """All that an analyst is told in a world in which somebody says no, or nothing."""
    clock = Clock()
    community = Community.open(
        Settings(folder.with_suffix(".db"), index_folder=folder / "index", jobs_folder=folder / "jobs", clock=clock)
    )
    store_members(community.database, drawn(12))
    community.index.start()
    tie(community, "buddy", "m00", "m01")
    asked = [
        propose_match(community, Proposal("buddy", "m02", "m03")),
        propose_match(community, Proposal("mentor", "m05", "m04")),
    ]
    if no:
        decline_match(community, asked[0].match_id, "m03", "no_fit")
        decline_match(community, asked[1].match_id, "m05", "no_fit")
    told = []
    for _ in range(2):
        seen = ask_for_rematch(community, ANALYST, RematchConfig.parse({}), 3)
        do_all_jobs(community)
        rematch_id = seen.row.rematch_id
        files = see_rematch(community, ANALYST, rematch_id).files
        found: dict[str, Any] = {name: rematch_file(community, ANALYST, rematch_id, name)[1] for name in files}
        found["applied"] = apply(community, rematch_id).applied
        with community.database.reading() as connection:
            steps = rematches.steps_of(connection, rematch_id)
        found["steps"] = [replace(step, rematch_id="", match_id=None) for step in steps]
        told.append(found)
        clock.move(days=15)
    community.database.close()
    return told


def test_a_no_is_in_no_plan(tmp_path: Path) -> None:
    worlds = [lived(tmp_path / name, no=name == "no") for name in ("no", "silence")]
    assert worlds[0] == worlds[1]
    first = worlds[0][0]
    assert b"m02" not in first["ties.csv"]
    assert first["applied"]["proposed"] > 0
    assert {"ties.csv", "manifest.json", "report.html", "changes.json"} <= first.keys()


@pytest.mark.parametrize("answer", [None, "no", "void"])
def test_places_of_open_proposals_are_taken_and_all_alike(community: Community, answer: Given | None) -> None:
    store_members(community.database, drawn(6))
    now = community.settings.now()
    row = MatchRow("1" * 24, "buddy", "m00", "m01", "proposed", now, "2026-03-09")
    seeking = replace(row, match_id="2" * 24, kind="mentor", asker="m01", peer="m04")
    if answer is not None:
        row = replace(row, state="declined", peer_answer=answer)
        seeking = replace(seeking, state="declined", asker_answer=answer)
    community.database.write(lambda connection: matches.add(connection, [row, seeking]))
    with community.database.reading() as connection:
        told = told_of(connection, community.settings, everybody(connection).members, with_groups=False)
    over = [Tie("buddy", "m00", "m01", "expired"), Tie("buddy", "m01", "m04", "expired")]
    assert list(told.history.ties) == over, "of an open proposal no more than that its two are not to be tied"
    assert told.history.never == ()
    people = {member.member_id: member for member in told.members}
    assert [people[name].buddy_capacity for name in ("m00", "m01", "m02")] == [0, 0, 1]
    assert people["m04"].mentor_capacity == 1
    assert "mentor" not in people["m01"].seeks
