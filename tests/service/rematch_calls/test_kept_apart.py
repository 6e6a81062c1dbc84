"""Who is kept out of one group by what was between two members: a block and an unsafe end, but no mere no."""

from __future__ import annotations

from matcher.rematch.config import RematchConfig
from matcher.rematch.group_spec import kept_apart
from matcher.rematch.history import Tie
from matcher.rematch.standing import banned_pairs
from service.community import Community
from service.use_cases.answer_match import decline_match
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.rematch_history import told_of
from service.use_cases.store_members import store_members
from service.use_cases.stored_profiles import everybody
from tests.service.matches.conftest import Clock
from tests.service.rematch_calls.conftest import drawn, tie


def test_a_no_and_an_end_keep_nobody_out_of_a_group_but_unsafe_does(community: Community, clock: Clock) -> None:
    store_members(community.database, drawn(12))
    end_match(community, tie(community, "buddy", "m00", "m01"), "m01", "no_fit")
    end_match(community, tie(community, "buddy", "m02", "m03"), "m03", "unsafe")
    declined = propose_match(community, Proposal("buddy", "m06", "m07"))
    decline_match(community, declined.match_id, "m07", "no_fit")
    propose_match(community, Proposal("buddy", "m08", "m09"))
    block_member(community, "m11", "m10")
    clock.move(days=400)
    with community.database.reading() as connection:
        told = told_of(connection, community.settings, everybody(connection).members, with_groups=False)
    ids = {member.member_id for member in told.members}
    assert kept_apart(told.history, ids) == (("m02", "m03"), ("m10", "m11"))
    ended = {("m00", "m01"), ("m02", "m03")}
    banned = banned_pairs(told.history, RematchConfig.parse({"no_repeat_days": 0}), community.settings.today())
    assert ended <= banned
    assert {one.why for one in told.history.ties if one.pair == ("m02", "m03") and one.state == "ended"} == {"unsafe"}
    assert Tie("buddy", "m00", "m01", "expired") in told.history.ties
