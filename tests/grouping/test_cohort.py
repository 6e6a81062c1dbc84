"""Who is placed, who may lead, who is left out and why; and specs that do not fit their members."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from matcher.embedding.population import FacetMeans
from matcher.errors import InvalidProblem
from matcher.grouping.attribute_names import PLAIN_ATTRIBUTES
from matcher.grouping.attributes import attribute_values
from matcher.grouping.cohort import Cohort, gather
from matcher.grouping.personal_conditions import CONDITIONS
from matcher.grouping.spec import GroupSpec
from matcher.members.profile import MemberProfile
from matcher.members.sample import SAMPLE_DAY, sample_members

DAY = datetime.date(2026, 1, 1)
EVENING = [{"day": "tue", "start": "18:00", "end": "20:00"}]
MEETING = {"time_zone": "UTC", "start_date": "2026-03-01"}


def person(member_id: str, **fields: Any) -> MemberProfile:
    return MemberProfile.parse(
        {
            "member_id": member_id,
            "consent": True,
            "birth_year": 1980,
            "languages": ["en"],
            "time_zone": "UTC",
            "availability": EVENING,
            "channels": ["text", "in_person"],
            "region": "North",
            "procedures": [{"procedure": "knee-replacement", "date": "2025-10-01"}],
            **fields,
        }
    )


OTHERS = [person(name) for name in ("w", "x", "y", "z")]


def cohort_of(*more: MemberProfile, **fields: Any) -> Cohort:
    spec = GroupSpec.parse({"size": {"min": 2, "target": 3, "max": 4}, **fields})
    return gather([*more, *OTHERS], spec, DAY, FacetMeans.default())


def ids(members: Sequence[MemberProfile]) -> str:
    return "".join(member.member_id for member in members)


@pytest.mark.parametrize(
    ("code", "fields", "asked"),
    [
        ("status", {"status": "paused"}, {}),
        ("status", {"status": "held", "consent": False}, {}),
        ("status", {"status": "withdrawn"}, {}),
        ("consent", {"consent": False}, {}),
        ("age_pool", {"birth_year": None}, {}),
        ("age_pool", {"birth_year": 2013}, {}),
        ("seeks", {"seeks": ["buddy", "mentor"]}, {}),
        ("language", {"languages": []}, {}),
        ("channel", {"channels": ["voice"]}, {"channel": "text"}),
        ("channel", {"channels": []}, {"channel": "in_person"}),
        ("region", {"region": None}, {"channel": "in_person"}),
        ("no_zone", {"time_zone": None}, {"meeting": MEETING}),
        ("no_availability", {"availability": []}, {"meeting": MEETING}),
    ],
)
def test_a_condition_that_fails_leaves_out(code: str, fields: dict[str, Any], asked: dict[str, Any]) -> None:
    cohort = cohort_of(person("a", **fields), **asked)
    assert ids(cohort.members) == "wxyz"
    (left_out,) = cohort.left_out
    assert (left_out.member_id, left_out.code) == ("a", code)
    assert (left_out.text, left_out.remedy) == CONDITIONS[code]
    for word in ("held", "paused", "withdrawn"):  # which of them is nobody's business here
        assert (word in left_out.text) == (code == "status")


def test_conditions_that_nothing_asks_for_leave_nobody_out() -> None:
    quiet = person("a", time_zone=None, availability=[], channels=[], region=None)
    assert ids(cohort_of(quiet).members) == "awxyz"
    assumed = {**MEETING, "unknown_availability": "assumed"}
    assert ids(cohort_of(quiet, meeting=assumed).members) == "awxyz"


@pytest.mark.parametrize(
    ("who", "passing"),
    [
        ({}, "abcwxyz"),
        ({"member_ids": ["a", "b", "w"]}, "abw"),
        ({"exclude": ["a", "z"]}, "bcwxy"),
        ({"roles": ["caregiver"], "member_ids": ["a", "b", "c"]}, "ab"),
        ({"stage_bands": ["preparing", "first_days"]}, "bc"),
        ({"procedures": ["Knee Replacement"]}, "awxyz"),
        ({"families": ["joint replacement", "birth"]}, "awxyz"),
        ({"domains": ["Bones_and_Joints"], "exclude": ["w"]}, "axyz"),
        ({"languages": ["pt-PT", "es"]}, "bc"),
        ({"regions": ["  SOUTH "]}, "ab"),
        ({"topics": ["Low_Mood"]}, "ac"),
        ({"interests": ["K Dramas", "chess"]}, "ab"),
        ({"roles": ["caregiver"], "regions": ["south"]}, "ab"),
    ],
)
def test_who_is_asked_for(who: dict[str, Any], passing: str) -> None:
    both = ["patient", "caregiver"]
    extra = [
        person("a", role="caregiver", open_to_roles=both, region="south", topics=["low-mood"], interests=["k-dramas"]),
        person(
            "b",
            role="caregiver",
            open_to_roles=both,
            region="south",
            languages=["pt-BR", "en"],
            interests=["chess"],
            procedures=[{"procedure": "rhinoplasty", "date": "2026-01-20"}],
        ),
        person(
            "c",
            languages=["es"],
            topics=["low-mood"],
            procedures=[{"procedure": "rhinoplasty", "date": "2026-01-01"}],
        ),
    ]
    cohort = cohort_of(*extra, who=who)
    assert ids(cohort.members) == passing
    assert cohort.left_out == ()


def test_those_outside_who_are_not_mentioned() -> None:
    cohort = cohort_of(person("a", status="held"), who={"exclude": ["a"]})
    assert cohort.left_out == ()
    assert "a" in cohort.everybody


def test_who_leads() -> None:
    extra = [
        person("a"),
        person("b", mentor_approved=True),
        person("c", mentor_approved=True, seeks=["mentor"]),
        person("d", status="held", mentor_approved=True),
        person("e", consent=False),
        person("f", availability=[], mentor_approved=True),
    ]
    leading = {"per_group": 1, "members": ["a", "e"]}
    cohort = cohort_of(*extra, facilitation=leading)
    assert (ids(cohort.leaders), ids(cohort.members)) == ("a", "bfwxyz")
    assert [(one.member_id, one.code) for one in cohort.cannot_lead] == [("e", "consent")]
    assert {one.member_id for one in cohort.left_out} == {"c", "d"}

    cohort = cohort_of(*extra, facilitation={**leading, "approved_mentors": True}, meeting=MEETING)
    assert (ids(cohort.leaders), ids(cohort.members)) == ("abc", "bwxyz")
    assert [one.member_id for one in cohort.cannot_lead] == ["e"]

    cohort = cohort_of(*extra, facilitation={"members": ["a"]})
    assert (cohort.leaders, "a" in cohort.position) == ((), False)


def test_the_order_of_members_does_not_matter() -> None:
    members = sample_members(400)
    spec = GroupSpec.parse({"meeting": {**MEETING, "unknown_availability": "assumed"}})
    one, other = gather(members, spec, SAMPLE_DAY), gather(members[::-1], spec, SAMPLE_DAY)
    assert one.members == other.members
    assert one.left_out == other.left_out
    assert one.means == other.means
    assert (one.rows == other.rows).all()
    assert [one.position[member.member_id] for member in one.members] == list(range(len(one.members)))


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"who": {"member_ids": ["w", "x", "nobody"]}}, "who.member_ids", "nobody has the id nobody"),
    ({"who": {"exclude": ["nobody"]}}, "who.exclude", "nobody has the id"),
    ({"who": {"procedures": ["rhinoplastie"]}}, "who.procedures[0]", "did you mean rhinoplasty"),
    ({"who": {"families": ["nose"]}}, "who.families[0]", "not in the catalogue"),
    ({"who": {"domains": ["nose"]}}, "who.domains[0]", "not in the catalogue"),
    ({"who": {"topics": ["nose"]}}, "who.topics[0]", "not in the catalogue"),
    ({"together": [["w", "u"]]}, "together[0]", "nobody has the id u"),
    ({"apart": [["w", "x"], ["v", "u"]]}, "apart[1]", "nobody has the id u, v"),
    ({"facilitation": {"per_group": 1, "members": ["u"]}}, "facilitation.members", "nobody has the id u"),
    ({"groups": [{"name": "1", "members": ["u"], "locked": True}]}, "groups[0].members", "nobody has the id u"),
    ({"groups": [{"name": "1", "members": ["u", "w"], "locked_members": ["u"]}]}, "groups[0].locked_members", "nobody"),
    ({"groups": [{"name": "1", "members": ["w", "h"], "locked": True}]}, "groups[0].members", "the rule status"),
    ({"groups": [{"name": "1", "members": ["w", "h"], "locked_members": ["h"]}]}, "groups[0].locked_members", "status"),
    (
        {"who": {"exclude": ["w"]}, "groups": [{"name": "1", "members": ["w", "x"], "locked": True}]},
        "groups[0].members",
        "does not pass who",
    ),
    ({"groups": [{"name": "1", "facilitators": ["w"]}]}, "groups[0].facilitators", "1 facilitator; at most 0"),
    (
        {"groups": [{"name": "1", "facilitators": ["w", "w"]}], "facilitation": {"per_group": 2, "members": ["w"]}},
        "groups[0].facilitators",
        "named twice",
    ),
    (
        {"groups": [{"name": "1", "facilitators": ["x"]}], "facilitation": {"per_group": 1, "members": ["w"]}},
        "groups[0].facilitators",
        "x may not lead",
    ),
    (
        {"groups": [{"name": "1", "facilitators": ["staff:Jo"]}], "facilitation": {"per_group": 1, "members": ["w"]}},
        "groups[0].facilitators",
        "staff:Jo is not among the staff",
    ),
    (
        {"groups": [{"name": "1", "facilitators": ["u"]}], "facilitation": {"per_group": 1, "members": ["w"]}},
        "groups[0].facilitators",
        "nobody has the id u",
    ),
    (
        {"groups": [{"name": "1", "facilitators": ["h"]}], "facilitation": {"per_group": 1, "members": ["h"]}},
        "groups[0].facilitators",
        "h cannot lead: is paused, held or withdrawn",
    ),
    ({"who": {"exclude": ["w", "x", "y"]}}, "who", "1 member can be placed; 1 is left out by status"),
    ({"channel": "video"}, "who", "no members can be placed; 1 is left out by status; 4 are left out by channel"),
    ({"size": {"min": 5, "target": 5, "max": 5}}, "who", "4 members can be placed"),
]


@pytest.mark.parametrize(("fields", "where", "what"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_a_spec_that_does_not_fit_its_members_is_refused(fields: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        cohort_of(person("h", status="held"), **fields)
    found = [str(problem) for problem in caught.value.problems if problem.where == where]
    assert any(what in problem for problem in found), caught.value.problems


def test_members_given_twice_are_refused() -> None:
    with pytest.raises(InvalidProblem, match="given more than once: w, z"):
        cohort_of(OTHERS[0], OTHERS[3])


def test_no_members_at_all() -> None:
    with pytest.raises(InvalidProblem, match="no members can be placed"):
        gather([], GroupSpec(), DAY)


def test_members_of_existing_groups_may_be_gone() -> None:
    assert ids(cohort_of(groups=[{"name": "1", "members": ["gone", "w"]}]).members) == "wxyz"


def test_attributes_do_not_depend_on_where_they_are_read() -> None:
    members = sample_members(500)
    cohort = gather(members, GroupSpec(), SAMPLE_DAY, FacetMeans.default())
    for name in (*PLAIN_ATTRIBUTES, "topic:anxiety", "interest:hiking"):
        codes, values = cohort.attribute(name)
        alone, same_values = attribute_values(cohort.members, name, SAMPLE_DAY)
        assert codes.tolist() == alone.tolist()
        assert values == same_values
        assert codes.max() < len(values)
        assert cohort.attribute(name)[0] is codes


def test_attributes_at_their_edges() -> None:
    years = [(2008, "18-29"), (2009, "under-18"), (1996, "30-44"), (1951, "75+"), (1952, "60-74"), (None, None)]
    for year, band in years:
        codes, values = attribute_values([person("a", birth_year=year)], "age_band", DAY)
        assert (None if codes[0] < 0 else values[codes[0]]) == band
    nobody = person("a", procedures=[], gender="Unknown", region=None, languages=[], cadence=None)
    for name in PLAIN_ATTRIBUTES:
        code = int(attribute_values([nobody], name, DAY)[0][0])
        assert (code < 0) == (name not in ("role", "age_band", "mentor_approved"))
    assert attribute_values([person("a", topics=["scars"])], "topic:anxiety", DAY)[0].tolist() == [1]
    assert attribute_values([person("a")], "topic:anxiety", DAY)[0].tolist() == [-1]
