"""What an analyst asks of a rematch: which ties, how good, how much may change, and what is measured.

Plain data, validated once. Nothing of it looks at a member or at a tie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, ValidationError, model_validator

from matcher.embedding.weights import FacetWeights
from matcher.errors import InvalidProblem, InvalidRequest
from matcher.grouping.spec import GroupSpec
from matcher.grouping.spec_part import SpecPart
from matcher.members.fingerprints import fingerprint_of
from matcher.members.problems import problems_of
from matcher.members.vocabulary import Kind, Tie
from matcher.pairing.problem import MOST_GAP, Objective

Baseline = Literal["random", "procedure", "stage"]
Attribute = Literal["role", "age_pool", "gender", "language", "procedure_family", "stage_band", "region"]
_Score = Annotated[float, Field(ge=0, le=1)]
_Limit = Annotated[StrictInt, Field(ge=0)] | Annotated[StrictFloat, Field(ge=0, le=1)]
GROUP_ITERATIONS = 2


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("something is listed twice; list each once")
    return values


def _readable(weights: dict[str, float] | None) -> dict[str, float] | None:
    if weights is not None:
        try:
            FacetWeights.parse(weights)
        except InvalidRequest as error:
            raise ValueError(f"{error.problem.where}: {error.problem.what}; {error.problem.accepted}") from error
    return weights


class PairTies(SpecPart):
    """What one-to-one ties of a kind are to be.

    Attributes:
        objective: ``total`` most score; ``coverage`` most people: a pair counts ``prize`` beside its score; ``stable``
            no two who would both rather have each other.
        prize: with ``coverage`` one pair more is made wherever it costs all others together less score than this.
        threshold: no new tie is made that scores below it; a tie that exists may stay whatever it scores.
        neighbours: candidates a member.
        weights: of the facets; the preset of the kind by default.
        weights_note: where the weights come from: when and on what they were fitted. Printed in the report.
    """

    objective: Objective = "coverage"
    prize: _Score = 0.3
    threshold: _Score = 0.0
    neighbours: Annotated[int, Field(ge=1, le=1000)] = 32
    weights: Annotated[dict[str, float] | None, AfterValidator(_readable)] = None
    weights_note: Annotated[str, Field(max_length=400)] | None = None

    def facet_weights(self, kind: Kind) -> FacetWeights:
        """The weights of the facets: given ones, or the preset of the kind."""
        if self.weights is not None:
            return FacetWeights.parse(self.weights)
        return FacetWeights.mentor() if kind == "mentor" else FacetWeights.buddy()


class BuddyTies(PairTies):
    """What buddy pairs are to be.

    Attributes:
        each: buddies a member is given, within their own capacity; who has more now may keep them.
        triads: whether an odd one out may join a pair.
    """

    each: Annotated[int, Field(ge=1, le=50)] = 1
    triads: StrictBool = False


class MentorTies(PairTies):
    """What mentor assignments are to be: one mentor a seeker, as many mentees a mentor as they have room for."""


class GroupTies(SpecPart):
    """What groups are to be.

    Attributes:
        spec: as for ``form_groups``.
        iterations: passes of the search at most.
        incumbents: whether the groups of the history are kept as far as the churn limit asks; otherwise all groups are
            formed anew.
    """

    spec: GroupSpec = GroupSpec()
    iterations: Annotated[int, Field(ge=1, le=100_000)] = GROUP_ITERATIONS
    incumbents: StrictBool = True


class ChurnLimit(SpecPart):
    """How much of what exists may be broken.

    Attributes:
        limit: one-to-one ties at most, buddies and mentors together.
        share: the same as a share of the ties that could stand, rounded down.
        groups: members moved out of their groups at most.
        sweep: further limits, whole numbers of ties or shares (with a decimal point), at which the best plan is worked
            out for the churn curve.
    """

    limit: Annotated[int, Field(ge=0)] | None = None
    share: _Score | None = None
    groups: Annotated[int, Field(ge=0)] | None = None
    sweep: Annotated[tuple[_Limit, ...], Field(max_length=64)] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.limit is not None and self.share is not None:
            raise ValueError("limit and share are both given; give one of the two")
        return self


class Bonus(SpecPart):
    """What keeping an existing tie is worth, in score.

    Attributes:
        kept: any existing tie.
        works: more, if its fit checks say that it works.
    """

    kept: _Score = 0.0
    works: _Score = 0.05


class Protect(SpecPart):
    """Existing ties that are never broken unless a hard rule forbids them.

    Attributes:
        days: ties younger than so many days.
        works: ties that work.
    """

    days: Annotated[int, Field(ge=0, le=36_500)] = 0
    works: StrictBool = False


class RematchConfig(SpecPart):
    """What an analyst asks for; see the parts.

    Attributes:
        ties: the kinds of ties to work out; ties of other kinds are left as they are.
        buddies, mentors: of the one-to-one ties.
        groups: of the groups; there if and only if ``ties`` names them.
        churn: how much may be broken.
        bonus: what keeping a tie is worth.
        protect: what is never broken.
        no_repeat_days: for how long two members who declined, let expire or ended a tie are not paired again; ``None``
            for ever. Who felt unsafe or did not want to keep a tie is never paired with the other again.
        seed: in place of the seed that the caller gives.
        audit: attributes by which members are told apart when gaps between them are measured.
        baselines: plans to compare with, besides the ties in force.
        gap: pairing stops once it has shown that no plan is better by more than this share; 0 for the best plan.
        time_limit_s: seconds for the searches together; with one, two runs may differ. ``None`` for no limit.

    Raises:
        InvalidProblem: from :meth:`parse`, with everything that is wrong.
    """

    ties: Annotated[tuple[Tie, ...], Field(min_length=1), AfterValidator(_each_once)] = ("buddy", "mentor")
    buddies: BuddyTies = BuddyTies()
    mentors: MentorTies = MentorTies()
    groups: GroupTies | None = None
    churn: ChurnLimit = ChurnLimit()
    bonus: Bonus = Bonus()
    protect: Protect = Protect()
    no_repeat_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    audit: Annotated[tuple[Attribute, ...], AfterValidator(_each_once)] = (
        "role",
        "age_pool",
        "gender",
        "language",
        "procedure_family",
        "stage_band",
        "region",
    )
    baselines: Annotated[tuple[Baseline, ...], AfterValidator(_each_once)] = ("random", "procedure", "stage")
    gap: Annotated[float, Field(ge=0, le=MOST_GAP)] = 0.0
    time_limit_s: Annotated[float, Field(gt=0, le=86_400)] | None = None

    @model_validator(mode="after")
    def _groups_if_asked_for(self) -> Self:
        if self.groups is not None and "group" not in self.ties:
            raise ValueError('groups are described but not asked for; add "group" to ties')
        if self.groups is None and "group" in self.ties:
            raise ValueError("groups are asked for but not described; add a table groups")
        return self

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The one-to-one ties that are asked for, buddies first."""
        both: tuple[Kind, Kind] = ("buddy", "mentor")
        return tuple(kind for kind in both if kind in self.ties)

    def of_kind(self, kind: Kind) -> BuddyTies | MentorTies:
        """What is asked of one kind of one-to-one ties."""
        return self.buddies if kind == "buddy" else self.mentors

    def fingerprint(self) -> str:
        """A hash of everything the config says."""
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
            problems = problems_of(error, whole="(config)", unknown="the keys of a rematch config only")
            raise InvalidProblem(problems) from None
