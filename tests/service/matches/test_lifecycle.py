"""Proposals from their first day to their end, step by step, with the places that they take."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from matcher import MemberProfile
from matcher.errors import InvalidRequest, UnknownMember
from service.community import Community
from service.live_index import LiveIndex
from service.problems import RequestError
from service.settings import Settings
from service.storage import matches
from service.use_cases.answer_match import accept_match, decline_match
from service.use_cases.block_member import block_member
from service.use_cases.end_match import end_match
from service.use_cases.erase_member import erase_member
from service.use_cases.find_buddies import Wish, find_at_once, find_buddies
from service.use_cases.give_feedback import give_feedback
from service.use_cases.list_matches import get_match, list_matches
from service.use_cases.propose_match import Proposal, propose_match
from service.use_cases.store_members import store_members
from service.use_cases.sweep_matches import sweep_matches
from tests.service.matches.conftest import Clock, person


def put(community: Community, member: MemberProfile) -> None:
    store_members(community.database, [member], community.settings.now)
    community.index.catch_up()


def proposed(community: Community, asker: str = "a", peer: str = "b", **asked: object) -> str:
    return propose_match(community, Proposal("buddy", asker, peer, **asked)).match_id  # type: ignore[arg-type]


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(RequestError) as told:
        work()
    return told.value.details.name


def peers(community: Community, member_id: str, kind: str = "buddy") -> set[str]:
    found = find_buddies(community, member_id, Wish(50, kind)).found  # type: ignore[arg-type]
    assert found.certified
    return {peer.member_id for peer in found.peers}


def states(community: Community, match_id: str, *members: str) -> list[str]:
    return [get_match(community, match_id, member_id).state for member_id in members]


def test_both_say_yes(community: Community) -> None:
    match_id = proposed(community)
    first, second = get_match(community, match_id, "a"), get_match(community, match_id, "b")
    assert (first.state, first.your_answer, first.asked) == ("proposed", "accepted", True)
    assert (second.state, second.your_answer, second.asked) == ("proposed", None, False)
    assert accept_match(community, match_id, "b").state == "accepted"
    assert states(community, match_id, "a", "b") == ["accepted", "accepted"]
    assert accept_match(community, match_id, "b") == accept_match(community, match_id, "b"), "again changes nothing"
    assert refused(lambda: decline_match(community, match_id, "b")) == "match-not-open"
    assert end_match(community, match_id, "a", "reached").reason == "reached"
    seen = get_match(community, match_id, "b")
    assert (seen.state, seen.reason) == ("ended", None)
    before = get_match(community, match_id, "a")
    for said, told in (("other", "other"), ("reached", "other"), ("unsafe", "unsafe"), ("other", "unsafe")):
        assert end_match(community, match_id, "b", said).reason == told
        assert get_match(community, match_id, "a") == before, "what the other says, and when, nobody is told"
    assert refused(lambda: proposed(community)) == "not-eligible"
    assert refused(lambda: proposed(community, "b", "a")) == "not-eligible"


def test_a_proposal_for_both_waits_for_both(community: Community) -> None:
    match_id = proposed(community, accepted=False)
    assert get_match(community, match_id, "a").your_answer is None
    assert accept_match(community, match_id, "b").state == "proposed"
    assert refused(lambda: end_match(community, match_id, "b")) == "match-not-accepted"
    assert accept_match(community, match_id, "a").state == "accepted"


def test_a_proposal_takes_places_and_hides_the_pair(community: Community) -> None:
    for peer in "bc":
        assert peer in peers(community, "a")
        proposed(community, "a", peer)
        assert peer not in peers(community, "a")
    assert peers(community, "a") == peers(community, "b") & {"a"} == set()
    assert "a" not in peers(community, "d"), "a has no place left"
    assert refused(lambda: proposed(community, "a", "d")) == "no-place-left"
    assert refused(lambda: proposed(community, "d", "a")) == "no-place-left"
    assert refused(lambda: proposed(community, "b", "a")) == "already-matched"
    assert "a" in peers(community, "d", "mentor"), "places as a mentor are others"


def test_mentoring_takes_the_mentors_place_alone(community: Community) -> None:
    for seeker in "ab":
        propose_match(community, Proposal("mentor", seeker, "e"))
    assert "e" not in peers(community, "c", "mentor")
    assert refused(lambda: propose_match(community, Proposal("mentor", "c", "e"))) == "no-place-left"
    assert "e" in peers(community, "c")
    assert propose_match(community, Proposal("mentor", "a", "d")).state == "proposed"
    assert peers(community, "e", "mentor") == {"c", "d"}, "who is mentored may mentor, and a and b are tied to e"


def test_nobody_to_propose(community: Community) -> None:
    with pytest.raises(InvalidRequest):
        proposed(community, "a", "a")
    for pair in (("a", "nobody"), ("nobody", "a")):
        with pytest.raises(UnknownMember):
            proposed(community, *pair)
    match_id = proposed(community)
    for work in (accept_match, decline_match, end_match, get_match):
        assert refused(lambda work=work: work(community, match_id, "c")) == "unknown-match"  # type: ignore[misc]
        assert refused(lambda work=work: work(community, "0" * 24, "a")) == "unknown-match"  # type: ignore[misc]


def test_time_ends_a_proposal_without_any_sweep(community: Community, clock: Clock) -> None:
    match_id = proposed(community)
    proposed(community, "a", "c")
    clock.move(days=13, hours=23)
    assert states(community, match_id, "a", "b") == ["proposed", "proposed"]
    peers(community, "d")  # the day is another
    assert find_at_once(community, "d", Wish()) is not None or not community.database.in_process
    clock.move(hours=2)
    assert find_at_once(community, "d", Wish()) is None, "places have changed with time"
    assert peers(community, "a") == {"d", "e"}, "places are free again, and nobody is proposed twice"
    assert states(community, match_id, "a", "b") == ["expired", "expired"]
    assert refused(lambda: accept_match(community, match_id, "b")) == "match-not-open"
    assert refused(lambda: decline_match(community, match_id, "b")) == "match-not-open"
    before = peers(community, "d")
    assert sweep_matches(community) == 2
    assert sweep_matches(community) == 0
    assert peers(community, "d") == before
    seen = get_match(community, match_id, "a")
    assert (seen.state, seen.closed_at) == ("expired", seen.expires_at)
    assert refused(lambda: proposed(community)) == "not-eligible"


def test_after_a_window_a_pair_may_be_proposed_again(community: Community, settings: Settings, clock: Clock) -> None:
    object.__setattr__(settings, "repeat_after_days", 365)
    silent, declined, ended = proposed(community), proposed(community, "c", "d"), proposed(community, "e", "b")
    decline_match(community, declined, "d")
    accept_match(community, ended, "b")
    end_match(community, ended, "b")
    for days in (15, 360):
        clock.move(days=days)
        assert "b" not in peers(community, "a")
        assert refused(lambda: proposed(community)) == refused(lambda: proposed(community, "c", "d")) == "not-eligible"
    clock.move(days=5)
    assert "b" in peers(community, "a"), "silence and a no last equally long"
    assert "d" in peers(community, "c")
    assert "b" not in peers(community, "e"), "what has ended has ended"
    assert proposed(community, "b", "a") != silent
    assert proposed(community, "c", "d")


def test_a_lowered_capacity_leaves_the_first_to_be_accepted_what_is_left(community: Community) -> None:
    standing = [propose_match(community, Proposal("mentor", seeker, "e")).match_id for seeker in "ab"]
    put(community, person("e", mentor_capacity=1))
    assert states(community, standing[0], "a", "e") == ["proposed", "proposed"]
    assert accept_match(community, standing[1], "e").state == "accepted"
    assert refused(lambda: accept_match(community, standing[0], "e")) == "no-place-left"
    end_match(community, standing[1], "b")
    assert accept_match(community, standing[0], "e").state == "accepted", "a place is free again"


def test_rules_are_checked_again_at_the_second_yes(community: Community) -> None:
    match_id = proposed(community)
    for change in ({"status": "paused"}, {"only_genders": ["woman"]}, {"birth_year": 2009}, {"languages": ["de"]}):
        put(community, person("a", **change))
        assert refused(lambda: accept_match(community, match_id, "b")) == "not-eligible", change
        assert states(community, match_id, "a", "b") == ["proposed", "proposed"]
    put(community, person("a"))
    assert accept_match(community, match_id, "b").state == "accepted"


@pytest.mark.parametrize("how", ["held", "withdrawn", "consent", "removed", "block"])
def test_who_leaves_is_waited_for_no_longer(community: Community, clock: Clock, how: str) -> None:
    open_one, accepted_one = proposed(community, "a", "b"), proposed(community, "c", "a")
    accept_match(community, accepted_one, "a")
    if how == "removed":
        erase_member(community, "a")
    elif how == "block":
        for other in "bc":
            block_member(community, "a", other)
    else:
        put(community, person("a", **({"consent": False} if how == "consent" else {"status": how})))
    kept, erased = how == "held", how == "removed"
    if erased:
        assert refused(lambda: accept_match(community, open_one, "a")) == "unknown-match"
    else:
        assert states(community, open_one, "a") == ["expired"]
        assert states(community, accepted_one, "a") == ["accepted" if kept else "ended"]
        assert refused(lambda: accept_match(community, open_one, "a")) == "match-not-open"
    assert states(community, open_one, "b") == ["proposed"]
    assert states(community, accepted_one, "c") == ["accepted" if kept else "ended"]
    assert accept_match(community, open_one, "b").state == "proposed", "b's yes is taken like any other"
    with community.database.reading() as connection:
        (row,) = matches.of_members(connection, "c")
    assert row.system_reason == (None if kept else "blocked" if how == "block" else "left")
    clock.move(days=15)
    assert states(community, open_one, "b") == ["expired"]
    put(community, person("a"))
    assert peers(community, "a") == ({"b", "c", "d", "e"} if erased else {"d", "e"})
    store = community.index.view().index.relations
    assert store.load("a").buddies == store.load("c").buddies == (1 if kept else 0)


def test_the_turn_of_a_year_ends_ties_between_age_pools(community: Community, clock: Clock) -> None:
    for member_id, born in (("a", 2009), ("b", 2010), ("c", 2009)):
        put(community, person(member_id, birth_year=born))
    apart, together = proposed(community, "a", "b"), proposed(community, "a", "c")
    for match_id, peer in ((apart, "b"), (together, "c")):
        accept_match(community, match_id, peer)
    assert sweep_matches(community) == 0
    clock.move(days=306)
    assert sweep_matches(community, pools=False) == 0
    assert sweep_matches(community) == 1
    assert states(community, apart, "a", "b") == ["ended", "ended"]
    assert states(community, together, "a", "c") == ["accepted", "accepted"]
    assert community.index.view().index.relations.load("a").buddies == 1


def test_a_year_of_birth_that_parts_two_ends_their_tie_at_once(community: Community) -> None:
    apart, together = proposed(community, "a", "b"), proposed(community, "c", "d")
    accept_match(community, apart, "b")
    accept_match(community, together, "d")
    put(community, person("a", birth_year=2010))
    put(community, person("c", birth_year=1986))
    assert states(community, apart, "a", "b") == ["ended", "ended"]
    assert states(community, together, "c", "d") == ["accepted", "accepted"]
    assert community.index.view().index.relations.load("b").buddies == 0
    with community.database.reading() as connection:
        (row,) = matches.of_members(connection, "a")
    assert row.system_reason == "age_pools"


def test_blocks_stand_whoever_is_stored(community: Community) -> None:
    for _ in range(2):
        block_member(community, "a", "b")
        block_member(community, "a", "somebody-else")
    assert "b" not in peers(community, "a")
    assert "a" not in peers(community, "b")
    assert refused(lambda: proposed(community, "b", "a")) == "not-eligible"
    with pytest.raises(UnknownMember):
        block_member(community, "nobody", "a")
    with pytest.raises(InvalidRequest):
        block_member(community, "a", "a")


def test_a_week_after_acceptance_each_side_is_asked(community: Community, clock: Clock) -> None:
    match_id = proposed(community)
    assert refused(lambda: give_feedback(community, match_id, "a", 5, True)) == "match-not-accepted"
    accept_match(community, match_id, "b")
    clock.move(days=6, hours=23)
    assert not get_match(community, match_id, "a").fit_check_due
    clock.move(hours=2)
    assert [get_match(community, match_id, member_id).fit_check_due for member_id in "ab"] == [True, True]
    give_feedback(community, match_id, "a", 2, False)
    said = give_feedback(community, match_id, "a", 4, True)
    assert (said.fit, said.keep) == (4, True)
    assert [get_match(community, match_id, member_id).fit_check_due for member_id in "ab"] == [False, True]
    assert refused(lambda: give_feedback(community, match_id, "c", 4, True)) == "unknown-match"
    end_match(community, match_id, "a")
    assert not get_match(community, match_id, "b").fit_check_due
    give_feedback(community, match_id, "b", 1, False)


def test_pages_are_newest_first_and_whole(community: Community, clock: Clock) -> None:
    put(community, person("a", buddy_capacity=50))
    made = []
    for number in range(7):
        put(community, person(f"peer{number}"))
        made.append(proposed(community, f"peer{number}", "a"))
        clock.move(seconds=number % 2)
    seen, after = [], None
    while True:
        page = list_matches(community, "a", 3, after)
        seen += [match.match_id for match in page.matches]
        after = page.rest
        if after is None:
            break
    assert seen == made[::-1]
    assert list_matches(community, "d", 3).matches == []
    with pytest.raises(UnknownMember):
        list_matches(community, "nobody", 3)


def test_a_restart_and_another_process_know_the_same(community: Community, settings: Settings, clock: Clock) -> None:
    other = Community.open(settings)
    other.index.start()
    match_id = proposed(community)
    assert "b" not in peers(other, "a")
    community.index.save()
    decline_match(community, match_id, "b")
    put(community, person("new"))
    proposed(community, "new", "c")
    proposed(community, "new", "d")
    for days in (0, 15):
        clock.move(days=days)
        snapshot, built = LiveIndex(community.database, settings), LiveIndex(community.database, settings)
        snapshot.start()
        object.__setattr__(settings, "index_folder", settings.snapshots / "none")
        built.start()
        object.__setattr__(settings, "index_folder", settings.snapshots.parent)
        relations = community.index.catch_up().index.relations
        for one in (snapshot, built, other.index):
            assert one.catch_up().index.relations == relations
        assert ("new" in peers(other, "e")) is (days > 0)
    other.database.close()
