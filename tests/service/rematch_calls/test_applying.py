"""What applying a plan does, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from service.community import Community
from service.problems import RequestError
from service.storage import rematches
from service.storage.rematches import StepRow
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.end_match import end_match
from service.use_cases.give_feedback import give_feedback
from service.use_cases.list_matches import list_matches
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.seen_match import SeenMatch
from service.use_cases.store_members import store_members
from service.use_cases.swap_units import MOST_TOGETHER
from tests.service.matches.conftest import Clock, person
from tests.service.rematch_calls.conftest import applied, apply, by_hand, store, tie


def steps(community: Community, rematch_id: str) -> list[StepRow]:
    with community.database.reading() as connection:
        return rematches.steps_of(connection, rematch_id)


def views(community: Community, member_id: str) -> dict[str, SeenMatch]:
    """A member's matches by the other's id, the newest of each."""
    found = list_matches(community, member_id, 100, None).matches
    return {match.peer_id: match for match in reversed(found)}


def states(community: Community, member_id: str) -> dict[str, str]:
    return {peer: match.state for peer, match in views(community, member_id).items()}


def agree(community: Community, *pairs: str) -> None:
    """Each of the pairs says yes to the other."""
    for pair in pairs:
        for name, peer in ((pair[0], pair[1]), (pair[1], pair[0])):
            accept_match(community, views(community, name)[peer].match_id, name)


def test_a_proposal_of_the_community(community: Community) -> None:
    store(community, "abm", buddy_capacity=1)
    seen = apply(community, by_hand(community, [("buddy", "a", "b"), ("mentor", "a", "m")]))
    assert seen.applied == {"proposed": 2, "skipped": 0, "to_end": 0, "kept": 0, "swaps": 0, "why": {}}
    mine = views(community, "a")
    assert {peer: (match.state, match.proposed_by) for peer, match in mine.items()} == {
        "b": ("proposed", "community"),
        "m": ("proposed", "community"),
    }
    assert community.index.view().index.relations.load("a").buddies == 1
    accept_match(community, mine["b"].match_id, "a")
    assert states(community, "b") == {"a": "proposed"}, "both have to say yes"
    accept_match(community, mine["b"].match_id, "b")
    assert states(community, "a")["b"] == "accepted"


def test_no_part_of_a_members_own_proposals(community: Community) -> None:
    names = "abcdefghi"
    store(community, names, buddy_capacity=20)
    assert applied(community, [("buddy", "a", peer) for peer in names[1:7]])["proposed"] == 6
    assert propose_match(community, Proposal("buddy", "a", "h")).state == "proposed"


def four(community: Community) -> tuple[str, str]:
    """Two pairs of people with one place each, and a plan that swaps them is applied; ids of the two ties."""
    store(community, "abxy", buddy_capacity=1)
    ties = tie(community, "buddy", "a", "x"), tie(community, "buddy", "b", "y")
    told = applied(community, [("buddy", "a", "b"), ("buddy", "x", "y")], [("buddy", "a", "x"), ("buddy", "b", "y")])
    assert (told["proposed"], told["to_end"], told["swaps"]) == (2, 2, 1)
    return ties


def test_a_swap_comes_about_with_the_last_yes(community: Community) -> None:
    ties = four(community)
    assert [views(community, pair[0])[pair[1]].replaces for pair in ("ab", "ba", "xy", "yx")] == [
        ties[0], ties[1], ties[0], ties[1],
    ]  # fmt: skip
    agree(community, "ab")
    accept_match(community, views(community, "x")["y"].match_id, "x")
    for name in "abxy":
        assert sorted(states(community, name).values()) == ["accepted", "proposed"], "nobody has lost anything"
    accept_match(community, views(community, "y")["x"].match_id, "y")
    assert states(community, "a") == {"x": "ended", "b": "accepted"}
    assert states(community, "y") == {"b": "ended", "x": "accepted"}
    assert community.index.view().index.relations.load("a").buddies == 1
    assert views(community, "a")["x"].reason is None


@pytest.mark.parametrize("when", ["first", "last"])
def test_one_no_and_all_keep_what_they_have(community: Community, clock: Clock, when: str) -> None:
    four(community)
    if when == "first":
        decline_match(community, views(community, "y")["x"].match_id, "y")
    agree(community, "ab")
    accept_match(community, views(community, "x")["y"].match_id, "x")
    if when == "last":
        decline_match(community, views(community, "y")["x"].match_id, "y")
    assert states(community, "x") == {"a": "accepted", "y": "proposed"}
    assert states(community, "a") == {"x": "accepted", "b": "proposed"}
    clock.move(days=15)
    assert states(community, "a") == {"x": "accepted", "b": "expired"}
    assert states(community, "y") == {"b": "accepted", "x": "declined"}


def test_a_yes_is_never_refused_in_a_swap(community: Community) -> None:
    """Why a swap does not come about would tell of others."""
    four(community)
    store_members(community.database, [person("x", buddy_capacity=1, status="paused")])
    agree(community, "ab", "xy")
    assert states(community, "a") == {"x": "accepted", "b": "proposed"}
    store_members(community.database, [person("x", buddy_capacity=1)])
    accept_match(community, views(community, "a")["b"].match_id, "a")
    assert states(community, "a") == {"x": "ended", "b": "accepted"}, "saying yes again looks again"


def test_a_tie_that_was_ended_meanwhile(community: Community) -> None:
    first, _ = four(community)
    end_match(community, first, "a")
    agree(community, "ab", "xy")
    assert states(community, "a") == {"x": "ended", "b": "accepted"}
    assert states(community, "x") == {"a": "ended", "y": "accepted"}


def test_whoever_would_be_left_alone_is_spared(community: Community) -> None:
    store(community, "abx", buddy_capacity=1)
    tie(community, "buddy", "a", "x")
    told = applied(community, [("buddy", "a", "b")], [("buddy", "a", "x")])
    assert (told["proposed"], told["kept"], told["why"]) == (0, 1, {"would_leave_alone": 2})
    assert states(community, "b") == {}


def test_who_keeps_another_is_not_alone_unless_that_ends(community: Community) -> None:
    store(community, "abz", buddy_capacity=1)
    store(community, "x", buddy_capacity=2)
    tie(community, "buddy", "a", "x")
    kept = tie(community, "buddy", "x", "z")
    assert applied(community, [("buddy", "a", "b")], [("buddy", "a", "x")])["proposed"] == 1
    end_match(community, kept, "z")
    agree(community, "ab")
    assert states(community, "x") == {"a": "accepted", "z": "ended"}, "x would have nobody now"


def test_seekers_do_not_wait_for_each_other_where_a_mentor_has_room(community: Community) -> None:
    store(community, "stu")
    store(community, "mn", mentor_capacity=2)
    tie(community, "mentor", "s", "m")
    plan = by_hand(
        community, [("mentor", "s", "n"), ("mentor", "t", "m"), ("mentor", "u", "m")], [("mentor", "s", "m")]
    )
    apply(community, plan)
    swap = {step.member_id: step.swap for step in steps(community, plan) if step.change == "new"}
    assert swap["s"] == swap["u"] == 0, "the second newcomer takes the place of s"
    assert swap["t"] is None
    agree(community, "tm")
    assert states(community, "t") == {"m": "accepted"}
    agree(community, "um")
    assert states(community, "u") == {"m": "proposed"}
    agree(community, "sn")
    assert states(community, "s") == {"m": "ended", "n": "accepted"}
    assert states(community, "u") == {"m": "accepted"}


def test_a_swap_of_too_many_is_not_proposed(community: Community) -> None:
    names = [chr(ord("a") + number) for number in range(2 * MOST_TOGETHER + 2)]
    store(community, "".join(names), buddy_capacity=1)
    old = [("buddy", names[at], names[at + 1]) for at in range(0, len(names), 2)]
    new = [("buddy", *sorted((names[at], names[(at + 1) % len(names)]))) for at in range(1, len(names), 2)]
    for kind, one, other in old:
        tie(community, kind, one, other)
    told = applied(community, new, old)  # type: ignore[arg-type]
    assert (told["proposed"], told["why"]) == (0, {"too_many_together": len(old) + len(new)})


def test_what_no_longer_holds_is_skipped_and_listed(community: Community) -> None:
    store(community, "abcdefgh", buddy_capacity=1)
    plan = by_hand(
        community,
        [("buddy", "a", "b"), ("buddy", "c", "d"), ("buddy", "e", "f"), ("buddy", "g", "z"), ("buddy", "g", "h")],
        triads=[("g", "a", "b")],
    )
    store_members(community.database, [person("a", buddy_capacity=1, blocked=["b"])])
    propose_match(community, Proposal("buddy", "c", "g"))
    store_members(community.database, [person("f", buddy_capacity=1, languages=["fr"])])
    assert apply(community, plan).applied == {
        "proposed": 0, "skipped": 6, "to_end": 0, "kept": 0, "swaps": 0,
        "why": {"left_to_people": 1, "no_longer_allowed": 3, "no_place_left": 2},
    }  # fmt: skip
    told = {(step.member_id, step.peer_id): (step.change, step.why) for step in steps(community, plan)}
    assert told["a", "b"] == told["e", "f"] == told["g", "z"] == ("new", "no_longer_allowed"), "which rule is not told"
    assert told["c", "d"] == told["g", "h"] == ("new", "no_place_left")


def test_no_more_ties_than_the_plan_may_break(community: Community) -> None:
    store(community, "abxy", buddy_capacity=1)
    store(community, "cdvw", buddy_capacity=1)
    old = [("buddy", "a", "x"), ("buddy", "b", "y"), ("buddy", "c", "v"), ("buddy", "d", "w")]
    for one in old:
        tie(community, *one)
    new = [("buddy", "a", "b"), ("buddy", "x", "y"), ("buddy", "c", "d"), ("buddy", "v", "w")]
    told = applied(community, new, old, limit=3)
    assert (told["to_end"], told["why"]) == (2, {"churn_limit": 4})


@pytest.mark.parametrize("what", ["ended", "protected", "young", "in-another-swap"])
def test_ties_that_are_not_to_be_broken_by_now(community: Community, clock: Clock, what: str) -> None:
    store(community, "abxy", buddy_capacity=1)
    first, _ = tie(community, "buddy", "a", "x"), tie(community, "buddy", "b", "y")
    clock.move(days=10)
    changes: list[Any] = [
        [("buddy", "a", "b"), ("buddy", "x", "y")],
        [("buddy", "a", "x"), ("buddy", "b", "y")],
    ]
    config: dict[str, Any] = {}
    if what == "ended":
        end_match(community, first, "x")
    elif what == "protected":
        config = {"protect": {"works": True}}
        give_feedback(community, first, "a", 5, True)
    elif what == "young":
        config = {"protect": {"days": 30}}
    else:
        apply(community, by_hand(community, *changes))
    told = applied(community, *changes, **config)
    assert told["why"]["tie_changed"] == (1 if what in {"ended", "protected"} else 2)
    ended = what == "ended"  # then a and x have places of their own, and b and y are not kept from a swap
    assert (told["proposed"], told["to_end"]) == ((2, 1) if ended else (0, 0))


def test_once_and_from_what_was_seen(community: Community) -> None:
    store(community, "abcd")
    plan = by_hand(community, [("buddy", "a", "b")])
    with pytest.raises(RequestError) as stale:
        apply(community, plan, 2)
    assert stale.value.details.name == "changed-since"
    apply(community, plan)
    for revision in (1, 2):
        with pytest.raises(RequestError) as again:
            apply(community, plan, revision)
        assert again.value.details.name == "applied"
    assert len(list_matches(community, "a", 10, None).matches) == 1
