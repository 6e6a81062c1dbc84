"""What groups are asked for: with those in force as the groups that exist, and with whom the history keeps apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from matcher.errors import InvalidProblem, Problem
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan import STAFF
from matcher.grouping.spec import GroupSpec
from matcher.rematch.config import RematchConfig
from matcher.rematch.history import History, unsafe

Pair = tuple[str, str]


def group_spec(history: History, config: RematchConfig, members: Iterable[str]) -> GroupSpec:
    """The spec that groups are formed by: the config's, with whom the history keeps apart, and with the groups in force
    as far as their members are known.

    Raises:
        InvalidProblem: if a member is in a group of the config and in another one in force, or two who are to be kept
            apart are locked into one group or wished together.

    Cost: O(members of groups and pairs to be kept apart).
    """
    assert config.groups is not None
    wish, known = config.groups, frozenset(members)
    apart = kept_apart(history, known)
    groups, churn = wish.spec.groups, wish.spec.churn
    if wish.incumbents:
        names = {group.name for group in groups}
        groups += tuple(_of(group, known) for group in history.groups if group.name not in names)
        churn = config.churn.groups if config.churn.groups is not None else churn
    problems = list(_locked_together(groups, apart))
    if problems:
        raise InvalidProblem(problems)
    return GroupSpec.parse({**dict(wish.spec), "groups": groups, "churn": churn, "apart": wish.spec.apart + apart})


def kept_apart(history: History, known: Collection[str]) -> tuple[Pair, ...]:
    """Pairs of known members that are in no group together, in order: never to meet, or one felt unsafe in a tie.

    Other ties that were declined or are over keep nobody apart in groups.
    """
    pairs = {(min(pair), max(pair)) for pair in history.never} | {tie.pair for tie in history.ties if unsafe(tie)}
    return tuple(sorted((one, other) for one, other in pairs if one != other and one in known and other in known))


def _of(group: ExistingGroup, known: Collection[str]) -> ExistingGroup:
    return group.model_copy(
        update={
            "members": tuple(name for name in group.members if name in known),
            "locked_members": tuple(name for name in group.locked_members if name in known),
            "facilitators": tuple(name for name in group.facilitators if name.startswith(STAFF) or name in known),
            "locked": group.locked and all(name in known for name in group.members),
        }
    )


def _locked_together(groups: Sequence[ExistingGroup], apart: Iterable[Pair]) -> Iterator[Problem]:
    """Groups whose locks keep two together who are to be kept apart. Who they are is not said."""
    at: dict[str, set[int]] = {}
    for place, group in enumerate(groups):
        for name in (*(group.members if group.locked else group.locked_members), *group.facilitators):
            at.setdefault(name, set()).add(place)
    shared = {place for one, other in apart for place in at.get(one, set()) & at.get(other, set())}
    for place in sorted(shared):
        what = f"{groups[place].name} keeps two members together who are never to meet or one of whom felt unsafe"
        yield Problem(f"groups[{place}]", what, "locks and facilitators that keep such two apart; unlock one of them")
