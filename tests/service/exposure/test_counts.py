"""Counts of who was shown: written in batches, fading, followed by other processes, erased with the member."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from matcher import recommend_buddies
from service import exposure
from service.community import Community
from service.exposure import A_PROPOSAL, PLACES_SEEN, Exposures, gini
from service.precedence import Precedence
from service.settings import Settings
from service.storage import exposures, members
from service.use_cases.answer_match import decline_match
from service.use_cases.find_buddies import Wish, find_at_once, find_buddies
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.store_members import store_members
from tests.database_places import Place
from tests.service.matches.conftest import Clock, person

Open = Callable[..., Community]


@pytest.fixture
def opened(place: Place, clock: Clock) -> Iterator[Open]:
    """Open the same database as often as wanted; members a to e are in it."""
    with ExitStack() as closing:

        def one_more(**chosen: object) -> Community:
            settings = {"exposure_weight": 0.1, "exposure_half_life_days": 7.0} | chosen
            community = Community.open(
                Settings(database=place.target, index_folder=place.index_folder, clock=clock, **settings)  # type: ignore[arg-type]
            )
            closing.callback(community.database.close)
            store_members(community.database, [person(member_id) for member_id in "abcde"])
            community.index.start()
            turn(community)
            return community

        yield one_more


def turn(community: Community) -> None:
    community.exposure.turn(community.index.catch_up().index)


def had(community: Community) -> dict[str, float]:
    return {member_id: round(community.exposure.now.of(member_id), 3) for member_id in "abcde"}


def test_what_is_shown_counts_from_the_next_turn_on(opened: Open) -> None:
    community = opened()
    found = find_buddies(community, "a", Wish(2)).found
    assert had(community) == dict.fromkeys("abcde", 0)
    turn(community)
    shown = {peer.member_id for peer in found.peers}
    assert had(community) == {member_id: float(member_id in shown) for member_id in "abcde"}
    assert len(shown) == 2


def test_an_answer_by_way_of_the_event_loop_counts_too(opened: Open) -> None:
    community = opened()
    answer = find_at_once(community, "a", Wish(1))
    if answer is None:
        assert not community.database.in_process
        return
    turn(community)
    assert sum(had(community).values()) == 1


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_counting_stands_back_for_answers_but_holds_no_transaction_for_them(
    opened: Open, weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = opened(exposure_weight=weight)
    writing, seen = [False], list[bool]()
    write = community.database.write

    def written(work: Callable[[Connection], object]) -> object:
        writing[0] = True
        try:
            return write(work)
        finally:
            writing[0] = False

    def taken() -> bool:
        seen.append(writing[0])
        return len(seen) % 3 != 0

    object.__setattr__(community.database, "write", written)
    monkeypatch.setattr(exposure, "LISTS", 2)
    others = Precedence()
    others.taken = taken
    for seeker in "cdea":
        community.exposure.note(seeker, ["b"])
    community.exposure.turn(community.index.catch_up().index, others)
    assert seen, "it has looked whether anybody was being answered"
    assert not any(seen), "and nobody has waited for a transaction that stood back"
    assert had(community)["b"] == pytest.approx(4, abs=1e-3)


def test_asking_again_within_the_hour_does_not_count_again(opened: Open, clock: Clock) -> None:
    community = opened()
    for _ in range(5):
        community.exposure.note("a", ["b", "c", "b"])
        turn(community)
    assert had(community)["b"] == pytest.approx(1, abs=1e-3)
    community.exposure.note("d", ["b"])
    turn(community)
    assert had(community)["b"] == pytest.approx(2, abs=1e-3)
    clock.move(hours=1)
    community.exposure.note("a", ["b"])
    turn(community)
    assert had(community)["b"] == pytest.approx(3, abs=0.02)


def test_nobody_looks_far_down_a_list(opened: Open) -> None:
    community = opened()
    community.exposure.note("a", [f"x{number}" for number in range(PLACES_SEEN)] + ["b"])
    turn(community)
    assert had(community)["b"] == 0


def test_counts_fade(opened: Open, clock: Clock) -> None:
    community = opened()
    community.exposure.note("a", ["b"])
    turn(community)
    clock.move(days=7)
    turn(community)
    assert had(community)["b"] == pytest.approx(0.5, abs=1e-3)
    community.exposure.note("a", ["b"])
    turn(community)
    clock.move(days=14)
    turn(community)
    assert had(community)["b"] == pytest.approx(1.5 / 4, abs=1e-3)
    clock.move(days=7 * 2_000)
    turn(community)
    assert had(community)["b"] == pytest.approx(0, abs=1e-9), "however long: an epoch of counts ends before numbers do"


def test_a_clock_that_is_set_back_makes_nothing_grow(opened: Open, clock: Clock) -> None:
    community = opened()
    community.exposure.note("a", ["b"])
    turn(community)
    clock.move(days=-7_000)
    other = opened()
    assert had(other)["b"] <= 1
    community.exposure.note("c", ["b"])
    turn(community)
    turn(other)
    assert had(other)["b"] == pytest.approx(2, abs=1e-3)


def test_processes_count_together(opened: Open) -> None:
    one, other = opened(), opened()
    one.exposure.note("a", ["b", "c"])
    other.exposure.note("d", ["b", "e"])
    turn(one)
    turn(other)
    turn(one)
    assert had(one) == had(other) == {"a": 0, "b": 2, "c": 1, "d": 0, "e": 1}
    later = opened()
    assert had(later) == had(one), "and whoever starts now knows as much"


def test_equal_counts_give_equal_answers(opened: Open) -> None:
    one, other = opened(), opened()
    one.exposure.note("a", ["b", "c"])
    turn(one)
    turn(other)
    for seeker in "abcde":
        assert find_buddies(one, seeker, Wish(3)).found.peers == find_buddies(other, seeker, Wish(3)).found.peers


def test_the_one_shown_often_makes_room(opened: Open) -> None:
    community = opened()  # all alike, so the order is that of ids
    assert [p.member_id for p in find_buddies(community, "a", Wish(2)).found.peers] == ["b", "c"]
    turn(community)
    found = find_buddies(community, "a", Wish(2)).found
    assert [p.member_id for p in found.peers] == ["d", "e"]
    assert found.certified
    assert {p.score for p in found.peers} == {recommend_buddies(community.index.view().index, "a").peers[0].score}


def test_with_a_weight_of_0_scores_alone_count_and_nothing_is_stored(opened: Open) -> None:
    community = opened(exposure_weight=0.0)
    assert community.exposure.handicaps is None
    for _ in range(3):
        assert [p.member_id for p in find_buddies(community, "a", Wish(2)).found.peers] == ["b", "c"]
        turn(community)
    with community.database.reading() as connection:
        assert exposures.count(connection) == 0
    assert had(community)["b"] == pytest.approx(1, abs=1e-3), "for the metrics"


def test_proposals_count_until_they_expire_whatever_is_said(opened: Open, clock: Clock) -> None:
    community = opened()
    made = propose_match(community, Proposal("buddy", "a", "b"))
    turn(community)
    assert had(community) == {"a": 0, "b": A_PROPOSAL, "c": 0, "d": 0, "e": 0}
    decline_match(community, made.match_id, "b")
    turn(community)
    assert had(community)["b"] == A_PROPOSAL, "a no changes nobody's order"
    clock.move(days=15)
    turn(community)
    assert had(community)["b"] == 0


def test_what_cannot_be_written_is_kept(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    community = opened()
    community.exposure.note("a", ["b"])

    def away(_: object) -> None:
        raise OperationalError("insert", {}, OSError("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(community.database, "write", away)
        for _ in range(2):
            with pytest.raises(OperationalError):
                turn(community)
    turn(community)
    assert had(community)["b"] == pytest.approx(1, abs=1e-3)


def test_whoever_is_erased_is_forgotten_everywhere(opened: Open) -> None:
    one, other = opened(), opened()
    one.exposure.note("a", ["b", "c"])
    turn(one)
    turn(other)
    other.exposure.note("d", ["c"])

    def erase(connection: Connection) -> None:
        exposures.forget(connection, "c")
        members.remove(connection, "c", one.settings.now())

    one.database.write(erase)
    turn(other)
    turn(one)
    for community in (one, other):
        assert set(community.exposure.now.shown) == {"b"}, "also where they were shown a moment before"
    with one.database.reading() as connection:
        assert exposures.count(connection) == 1


def test_a_number_of_a_batch_never_comes_back(opened: Open) -> None:
    one, other = opened(), opened()
    one.exposure.note("a", ["b"])
    turn(one)
    one.exposure.note("a", ["c"])
    turn(one)
    turn(other)
    one.database.write(lambda connection: exposures.forget(connection, "c"))
    one.exposure.note("a", ["d"])
    turn(one)
    turn(other)
    assert had(other) == {"a": 0, "b": 1, "c": 0, "d": 1, "e": 0}


def test_what_is_noted_last_is_written_at_the_end(place: Place, clock: Clock, opened: Open) -> None:
    opened()
    community = Community.open(
        Settings(database=place.target, index_folder=place.index_folder, clock=clock, exposure_weight=0.1)
    )
    community.index.start()
    community.exposure.note("a", ["e"])
    community.close()
    assert had(opened())["e"] == pytest.approx(1, abs=1e-3)


def test_only_so_many_seekers_are_remembered(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposure, "REMEMBERED", 1)
    community = opened()
    for seeker in ("a", "d", "a"):
        community.exposure.note(seeker, ["b"])
        turn(community)
    assert had(community)["b"] == pytest.approx(3, abs=1e-3)


@pytest.mark.parametrize(
    ("values", "members", "expected"),
    [([], 5, 0.0), ([1.0, 1.0], 2, 0.0), ([1.0], 5, 0.8), ([1.0, 3.0], 2, 0.25), ([2.0, 2.0], 4, 0.5), ([1.0], 0, 0.0)],
)
def test_gini(values: list[float], members: int, expected: float) -> None:
    assert gini(values, members) == pytest.approx(expected)
    pairs = [*values, *[0.0] * (members - len(values))]
    if sum(values):
        apart = sum(abs(one - other) for one in pairs for other in pairs)
        assert apart / (2 * len(pairs) * sum(pairs)) == pytest.approx(expected)


def test_a_handicap_is_half_the_weight_at_the_mean_and_never_all_of_it() -> None:
    even = Exposures({"a": 4.0, "b": 4.0, "c": 4.0, "d": 1e12}, 1.0, {}, 4)
    taken = Exposures({"a": 4.0, "b": 4.0}, 1.0, {}, 2).handicaps(0.1)
    assert taken.of("a") == pytest.approx(0.05)
    assert taken.of("nobody") == 0
    assert taken.waiting("nobody")
    assert not taken.waiting("a")
    assert even.handicaps(0.1).of("d") < 0.1
    assert even.handicaps(0.1).waiting("a")


def test_of_whoever_goes_nothing_is_kept_though_nothing_is_stored(opened: Open) -> None:
    """Not what was counted before, nor what is noted later, by an answer that was under way."""
    community = opened(exposure_weight=0.0)
    community.exposure.note("a", ["b", "c"])
    turn(community)
    index = community.index.view().index
    for gone in ("c", "d"):
        index.remove(gone)
        community.exposure.note("b", ["d", "e"])
        community.exposure.turn(index)
    community.exposure.note("a", ["c", "d", "e"])
    community.exposure.turn(index)
    assert community.exposure.now.shown.keys() == {"b", "e"}
