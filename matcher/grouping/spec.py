"""What a coordinator asks of a grouping: who, how large, when, led by whom, what is never done and what is preferred.

Everything here is plain data, validated once; nothing of it looks at a member. What a spec says about members who do
not exist, or who may not meet, is found where spec and members come together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, ValidationError, model_validator

from matcher.embedding.weights import FacetWeights
from matcher.errors import InvalidProblem, InvalidRequest
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.meeting import Meeting
from matcher.grouping.mix import MixRule
from matcher.grouping.spec_part import Name, SpecPart
from matcher.grouping.staffing import Facilitation
from matcher.members.fingerprints import fingerprint_of
from matcher.members.problems import problems_of
from matcher.members.profile import MemberId
from matcher.members.vocabulary import Channel, Role

SMALLEST_GROUP, LARGEST_GROUP = 2, 50
Purpose = Literal["support_group", "activity_group"]
Band = Literal["preparing", "first_days", "early", "middle", "late", "settled"]
"""The names of :class:`matcher.members.stage.StageBand`, in lower case."""
_Text = Annotated[str, Field(min_length=1, max_length=80)]
_Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Who(SpecPart):
    """Which members are to be grouped. Every filter that is given must hold; an empty one lets everybody through.

    Attributes:
        member_ids: only these.
        exclude: not these.
        roles: patients, caregivers.
        stage_bands: the stage of recovery on the day.
        procedures, families, domains: of the primary procedure, as catalogue slugs.
        languages: primary language tags; one in common.
        regions: the members' own words for where they are.
        topics, interests: at least one in common.
    """

    member_ids: tuple[MemberId, ...] = ()
    exclude: tuple[MemberId, ...] = ()
    roles: tuple[Role, ...] = ()
    stage_bands: tuple[Band, ...] = ()
    procedures: tuple[_Text, ...] = ()
    families: tuple[_Text, ...] = ()
    domains: tuple[_Text, ...] = ()
    languages: tuple[_Text, ...] = ()
    regions: tuple[_Text, ...] = ()
    topics: tuple[_Text, ...] = ()
    interests: tuple[_Text, ...] = ()


class Size(SpecPart):
    """How many come to a meeting, and how many to enrol for that.

    With an expected attendance of 0.75, a group that is to have 6 in the room enrols 8. All three numbers are enrolled
    as ``ceil(number / attendance)``; the defaults are stated for members in the room and full attendance.
    """

    min: Annotated[int, Field(ge=SMALLEST_GROUP, le=LARGEST_GROUP)] = 4
    target: Annotated[int, Field(ge=SMALLEST_GROUP, le=LARGEST_GROUP)] = 6
    max: Annotated[int, Field(ge=SMALLEST_GROUP, le=LARGEST_GROUP)] = 8
    attendance: Annotated[float, Field(ge=0.3, le=1.0)] = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.min <= self.target <= self.max:
            raise ValueError("sizes out of order; min <= target <= max")
        if self.enrolled(self.max) > LARGEST_GROUP:
            raise ValueError(f"too many to enrol a group; at most {LARGEST_GROUP} = max / attendance")
        return self

    def enrolled(self, in_the_room: int) -> int:
        """How many to enrol so that ``in_the_room`` are expected to come."""
        return math.ceil(in_the_room / self.attendance - 1e-9)


class Preferences(SpecPart):
    """The prices of what is preferred, in members' fit: 0.1 buys a tenth of one member's perfect fit.

    Attributes:
        worst: of the worst fit in one's group, a member. 0 looks at the mean alone.
        size: of each member that a group is away from its target size.
        churn: of each member who is moved out of the group they are in.
    """

    worst: _Weight = 0.5
    size: _Weight = 0.05
    churn: _Weight = 0.05


class Thresholds(SpecPart):
    """What a placement must at least be worth; below it, members are left unplaced.

    Attributes:
        member_fit: every member's mean score with the others of their group.
        pair_score: every two members' score.
    """

    member_fit: Annotated[float, Field(ge=0, le=1)] = 0.0
    pair_score: Annotated[float, Field(ge=0, le=1)] = 0.0


def _at_least_two(ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(ids)) < max(2, len(ids)):
        raise ValueError("is no two different members; list at least two, each once")
    return ids


_Together = Annotated[tuple[MemberId, ...], Field(max_length=LARGEST_GROUP), AfterValidator(_at_least_two)]


class GroupSpec(SpecPart):
    """What a coordinator asks for; see the parts.

    Attributes:
        name: of the whole plan.
        purpose: sets the weights of the facets, unless ``weights`` are given.
        weights: facet weights of its own, by facet name.
        open: whether latecomers may join the groups later.
        who: which members are to be grouped.
        size: members a group.
        most_groups: form at most so many groups, those that exist included.
        channel: how the groups meet, if that is to be looked at: every member must accept it, and groups that meet in
            person have members of one known region.
        meeting: when they may meet; without it, times are left to the groups.
        facilitation: who leads.
        mix: wishes and rules about the make-up of groups.
        lone_newcomers: let somebody who is preparing or in the first days be the only such one in a group.
        thresholds: what a placement must be worth.
        preferences: prices.
        together: sets of members who go into one group or into none.
        apart: sets of members no two of whom go into the same group.
        groups: groups that exist.
        churn: at most so many members of existing groups are moved; ``None`` for no limit.

    Raises:
        InvalidProblem: from :meth:`parse`, with everything that is wrong.
    """

    name: Name = "groups"
    purpose: Purpose = "support_group"
    weights: dict[str, float] | None = None
    open: StrictBool = True
    who: Who = Who()
    size: Size = Size()
    most_groups: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    channel: Channel | None = None
    meeting: Meeting | None = None
    facilitation: Facilitation = Facilitation()
    mix: Annotated[tuple[MixRule, ...], Field(max_length=32)] = ()
    lone_newcomers: StrictBool = False
    thresholds: Thresholds = Thresholds()
    preferences: Preferences = Preferences()
    together: tuple[_Together, ...] = ()
    apart: tuple[_Together, ...] = ()
    groups: tuple[ExistingGroup, ...] = ()
    churn: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _does_not_contradict_itself(self) -> Self:
        wrong = [*self._twice(), *self._together_and_apart()]
        if wrong:
            raise ValueError("; ".join(wrong))
        self.facet_weights()
        return self

    def _twice(self) -> list[str]:
        names = [group.name for group in self.groups]
        members = [member for group in self.groups for member in group.members]
        found = []
        if len(set(names)) < len(names):
            found.append("two existing groups have one name; name each differently")
        if len(set(members)) < len(members):
            found.append("a member is in two existing groups; list each in one")
        return found

    def _together_and_apart(self) -> list[str]:
        bundle_of: dict[str, int] = {}
        for number, bundle in enumerate(self.bundles()):
            bundle_of.update(dict.fromkeys(bundle, number))
            if len(bundle) > self.size.enrolled(self.size.max):
                return [f"{len(bundle)} members are kept together, more than a group holds; raise size.max"]
        for apart in self.apart:
            bundles = [bundle_of[member] for member in apart if member in bundle_of]
            if len(set(bundles)) < len(bundles):
                return ["two members are to be kept together and apart; drop one of the two wishes"]
        return []

    def bundles(self) -> tuple[tuple[str, ...], ...]:
        """The sets of ``together`` joined where they overlap, sorted."""
        bundle_of: dict[str, set[str]] = {}
        for wish in self.together:
            joined = set(wish).union(*(bundle_of[member] for member in wish if member in bundle_of))
            bundle_of.update(dict.fromkeys(joined, joined))
        return tuple(sorted({tuple(sorted(bundle)) for bundle in bundle_of.values()}))

    def facet_weights(self) -> FacetWeights:
        """The weights of the facets: given ones, or the preset of the purpose."""
        if self.weights is not None:
            try:
                return FacetWeights.parse(self.weights)
            except InvalidRequest as error:
                raise ValueError(f"{error.problem.where}: {error.problem.what}; {error.problem.accepted}") from error
        return FacetWeights.support_group() if self.purpose == "support_group" else FacetWeights.activity_group()

    def enrolled_sizes(self) -> tuple[int, int, int]:
        """Smallest, wished and largest number of members to enrol in a group."""
        return (
            self.size.enrolled(self.size.min),
            self.size.enrolled(self.size.target),
            self.size.enrolled(self.size.max),
        )

    def fingerprint(self) -> str:
        """A hash of everything the spec says."""
        return fingerprint_of(self)

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Validate untrusted input, as TOML or JSON gives it.

        Raises:
            InvalidProblem: with every problem, not only the first.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise InvalidProblem(problems_of(error, whole="(spec)", unknown="the keys of a group spec only")) from None
