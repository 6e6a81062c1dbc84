"""Pairing a whole community: every objective and wish, every pair within the hard rules, everybody accounted for."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from matcher import MemberProfile
from matcher.errors import InvalidRequest
from matcher.members.vocabulary import Kind
from matcher.verification.eligibility import check_pair
from service.use_cases.pair_members import PairingRun, pair_members
from service.use_cases.pairing_wish import Pair, PairingWish
from tests.service.conftest import AS_OF

NEIGHBOURS = 12


def paired(people: list[MemberProfile], **wished: Any) -> PairingRun:
    """The plan, after a check of what holds for all plans."""
    wish = PairingWish(**{"neighbours": NEIGHBOURS, **wished})
    run = pair_members(people, AS_OF, wish)
    by_id = {member.member_id: member for member in people}
    mentoring = wish.kind == "mentor"
    one_side: Counter[str] = Counter()
    other_side: Counter[str] = Counter()
    for pair in run.made:
        assert not check_pair(by_id[pair.member_id], by_id[pair.peer_id], AS_OF, wish.kind)
        one_side[pair.member_id] += 1
        (other_side if mentoring else one_side)[pair.peer_id] += 1
    for member_id, count in one_side.items():
        assert count <= (1 if mentoring else min(wish.buddies_each, by_id[member_id].buddy_capacity))
    for member_id, count in other_side.items():
        assert count <= by_id[member_id].mentor_capacity
    left = {left.member_id for left in run.left_over}
    assert not left & one_side.keys()
    with_partner, could = run.shares
    joined = {run.graph.member_ids[triad[0]] for triad in run.solution.triads.tolist()}
    assert (with_partner, could - with_partner) == (len(one_side.keys() | joined), len(left))
    assert all(left.why == "no_candidates" for left in run.left_over if not left.eligible)
    return run


def pairs_of(run: PairingRun) -> set[frozenset[str]]:
    return {frozenset((pair.member_id, pair.peer_id)) for pair in run.made}


def total(run: PairingRun) -> float:
    return sum(pair.score for pair in run.made)


@pytest.fixture(scope="module")
def buddies(people: list[MemberProfile]) -> PairingRun:
    return paired(people)


@pytest.fixture(scope="module")
def forbidden(people: list[MemberProfile]) -> Pair:
    """Two active members of different age pools."""
    minor = next(member for member in people if member.birth_year and 14 <= AS_OF.year - member.birth_year <= 16)
    adult = next(member for member in people if member.birth_year and AS_OF.year - member.birth_year >= 30)
    return minor.member_id, adult.member_id


def test_buddies(buddies: PairingRun) -> None:
    solution = buddies.solution
    assert (solution.status, solution.gap) == ("optimal", 0.0)
    assert solution.upper_bound_all_pairs is not None
    assert solution.objective_weight <= solution.upper_bound_all_pairs
    assert len(buddies.made) > 200
    assert total(buddies) == pytest.approx(solution.total_weight / 1e6)


def test_mentors(people: list[MemberProfile]) -> None:
    run = paired(people, kind="mentor")
    assert run.solution.status == "optimal"
    assert len(run.made) > 20
    assert max(Counter(pair.peer_id for pair in run.made).values()) > 1, "mentors with room take several"


@pytest.mark.parametrize("objective", ["total", "coverage", "stable"])
def test_mentors_are_bounded_over_all_pairs(people: list[MemberProfile], objective: str) -> None:
    best = paired(people, kind="mentor", neighbours=600, objective=objective).solution
    few = paired(people, kind="mentor", neighbours=2, objective=objective).solution
    assert few.upper_bound_all_pairs is not None
    worth = best.total_weight + few.certificate.pair_prize * len(best.edges)
    assert worth <= few.upper_bound_all_pairs


def test_stable(people: list[MemberProfile], buddies: PairingRun) -> None:
    run = paired(people, objective="stable")
    assert len(run.solution.blocking_pairs) == 0
    assert total(run) <= total(buddies)


def test_coverage(people: list[MemberProfile], buddies: PairingRun) -> None:
    run = paired(people, objective="coverage")
    assert run.solution.status == "optimal"
    assert len(run.made) >= len(buddies.made)


def test_several_buddies_each(people: list[MemberProfile], buddies: PairingRun) -> None:
    run = paired(people, buddies_each=3)
    assert len(run.made) > 2 * len(buddies.made)


def test_a_lock_outside_the_candidate_lists(people: list[MemberProfile], buddies: PairingRun) -> None:
    graph = buddies.graph
    ids = graph.member_ids
    edges = set(zip(graph.u.tolist(), graph.v.tolist(), strict=True))
    by_id = {member.member_id: member for member in people}
    far = next(
        (ids[one], ids[other])
        for one in range(len(ids))
        for other in range(one + 1, len(ids))
        if (one, other) not in edges and not check_pair(by_id[ids[one]], by_id[ids[other]], AS_OF)
    )
    run = paired(people, locked=(far[::-1],))
    assert frozenset(far) in pairs_of(run)
    assert run.graph.u.size == graph.u.size + 1


def test_locks_and_bans_are_kept(people: list[MemberProfile], buddies: PairingRun) -> None:
    made = [(pair.member_id, pair.peer_id) for pair in buddies.made]
    banned = tuple(made[:20]) + tuple((other, one) for one, other in made[20:40])
    run = paired(people, locked=tuple(made[40:60]), banned=(*banned, ("nobody", made[0][0])))
    assert {frozenset(pair) for pair in made[40:60]} <= pairs_of(run)
    assert not {frozenset(pair) for pair in banned} & pairs_of(run)
    assert total(run) < total(buddies)


def test_mentors_locked_and_banned_in_either_order(people: list[MemberProfile]) -> None:
    made = [(pair.member_id, pair.peer_id) for pair in paired(people, kind="mentor").made]
    run = paired(people, kind="mentor", locked=(made[2],), banned=(made[0], made[1][::-1]))
    assert frozenset(made[2]) in pairs_of(run)
    assert not {frozenset(pair) for pair in made[:2]} & pairs_of(run)


def refused(people: list[MemberProfile], **wished: Any) -> str:
    with pytest.raises(InvalidRequest) as error:
        pair_members(people, AS_OF, PairingWish(**wished))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", ["buddy", "mentor"])
def test_a_lock_that_a_rule_forbids(people: list[MemberProfile], forbidden: Pair, kind: Kind) -> None:
    said = refused(people, kind=kind, locked=(forbidden,))
    assert all(repr(member_id) in said for member_id in forbidden)
    assert "age_pool" in said


def test_locks_that_contradict(people: list[MemberProfile], buddies: PairingRun) -> None:
    first, second = ((pair.member_id, pair.peer_id) for pair in buddies.made[:2])
    said = refused(people, locked=(first,), banned=(first[::-1],))
    assert "banned too" in said
    assert repr(first[0]) in said
    assert repr(first[1]) in said
    assert "twice" in refused(people, locked=(first, first[::-1]))
    assert "'nobody', who is not a member" in refused(people, locked=(second, ("nobody", first[0])))
    for where in ("locked", "banned", "incumbent"):
        assert f"{where}: pairs {first[0]!r} with oneself" in refused(people, **{where: ((first[0], first[0]),)})


def test_more_locks_than_room(people: list[MemberProfile], buddies: PairingRun) -> None:
    graph = buddies.graph
    peers = graph.v[graph.u == graph.u[0]][:2].tolist()
    one = graph.member_ids[graph.u[0]]
    locks = tuple((one, graph.member_ids[peer]) for peer in peers)
    assert f"gives {one!r} more partners than the 1" in refused(people, locked=locks)


@pytest.mark.parametrize("where", ["threshold", "bonus"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_scores_out_of_range(people: list[MemberProfile], where: str, value: float) -> None:
    assert f"{where}: out of range" in refused(people[:5], **{where: value})


def test_incumbents_stay_for_a_bonus(people: list[MemberProfile], buddies: PairingRun) -> None:
    stable = tuple((pair.member_id, pair.peer_id) for pair in paired(people, objective="stable").made)
    kept = [
        len(
            pairs_of(paired(people, incumbent=(*stable, ("nobody", "noone")), bonus=bonus))
            & set(map(frozenset, stable))
        )
        for bonus in (0.0, 0.02, 1.0)
    ]
    assert kept[0] < kept[1] <= kept[2] == len(stable)


def test_threshold(people: list[MemberProfile], buddies: PairingRun) -> None:
    middle = sorted(pair.score for pair in buddies.made)[len(buddies.made) // 2]
    run = paired(people, threshold=round(middle, 6))
    assert 0 < len(run.made) < len(buddies.made)
    assert min(pair.score for pair in run.made) >= round(middle, 6)
    assert Counter(left.why for left in run.left_over)["below_threshold"] > 0
    assert not paired(people, threshold=1.0).made


def test_triads(people: list[MemberProfile]) -> None:
    plain, run = paired(people, objective="coverage"), paired(people, objective="coverage", triads=True)
    ids = run.graph.member_ids
    by_id = {member.member_id: member for member in people}
    triads = [[ids[node] for node in triad] for triad in run.solution.triads.tolist()]
    assert triads
    for joiner, one, other in triads:
        assert frozenset((one, other)) in pairs_of(run)
        assert not check_pair(by_id[joiner], by_id[one], AS_OF)
        assert not check_pair(by_id[joiner], by_id[other], AS_OF)
    assert len(run.left_over) == len(plain.left_over) - len(triads)
    assert run.shares[0] == plain.shares[0] + len(triads)


def test_everyone_held(people: list[MemberProfile]) -> None:
    held = [member.model_copy(update={"status": "held"}) for member in people[:50]]
    run = paired(held)
    assert (run.made, run.left_over, run.shares) == ((), (), (0, 0))


def test_one_member(people: list[MemberProfile]) -> None:
    ready = next(member for member in people if member.consent)
    run = paired([ready.model_copy(update={"status": "active", "seeks": ("buddy",), "buddy_capacity": 1})])
    assert not run.made
    assert [(left.member_id, left.why) for left in run.left_over] == [(ready.member_id, "no_candidates")]


def test_nobody() -> None:
    run = paired([])
    assert (run.made, run.left_over) == ((), ())


def test_progress_names_its_phases(people: list[MemberProfile]) -> None:
    said: list[tuple[str, float]] = []
    pair_members(people, AS_OF, PairingWish(neighbours=4), progress=lambda *told: said.append(told))
    assert said[0] == ("candidates", 1.0)
    assert {phase for phase, _ in said} >= {"candidates", "fractional"}
    assert all(0 <= fraction <= 1 for _, fraction in said)
