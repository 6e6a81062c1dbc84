"""What a history and a config say of today, written out once more: the search works with other code than this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from matcher.members.profile import MemberProfile
from matcher.members.vocabulary import Kind
from matcher.rematch.config import RematchConfig
from matcher.rematch.history import History, Tie
from matcher.rematch.plan import VoidTie
from matcher.verification.eligibility import check_pair

Key = tuple[Kind, str, str]
Pair = frozenset[str]
_WORKS = 4


@dataclass(frozen=True, slots=True)
class Past:
    """What a plan is held to.

    Attributes:
        stand: ties in force that could stand, by key, in the order of keys.
        void: the others.
        protected: keys of those that are never broken.
        limit: how many of ``stand`` may be broken; ``None`` for no limit.
        over: pairs that are not to be tied again, or never.
        tied: pairs with a tie in force, of whatever kind.
        apart: pairs that are in no group together.
    """

    stand: Mapping[Key, Tie]
    void: tuple[VoidTie, ...]
    protected: frozenset[Key]
    limit: int | None
    over: frozenset[Pair]
    tied: frozenset[Pair]
    apart: frozenset[Pair]

    @classmethod
    def of(cls, members: Mapping[str, MemberProfile], history: History, config: RematchConfig, day: date) -> Past:
        """Read a history on a day. Some 30 microseconds a tie."""
        in_force = {tie.key: tie for tie in history.ties if tie.state == "current"}
        asked = {key: tie for key, tie in sorted(in_force.items()) if tie.kind in config.ties}
        never = {frozenset(pair) for pair in history.never}
        broken = {key: _broken_rules(tie, members, never, day) for key, tie in asked.items()}
        protected = {key for key, tie in asked.items() if _is_protected(tie, config, day)}
        crowded = _without_room({key: tie for key, tie in asked.items() if not broken[key]}, protected, members, day)
        broken |= dict.fromkeys(crowded, ("no_room",))
        stand = {key: tie for key, tie in asked.items() if not broken[key]}
        ended = [tie for tie in history.ties if tie.state != "current"]
        return cls(
            stand,
            tuple(VoidTie(asked[key], rules) for key, rules in sorted(broken.items()) if rules),
            frozenset(protected & stand.keys()),
            _limit(config, len(stand)),
            frozenset(never.union(frozenset(tie.pair) for tie in ended if _is_over(tie, config, day))),
            frozenset(frozenset(tie.pair) for tie in in_force.values()),
            frozenset(never.union(frozenset(tie.pair) for tie in ended if _felt_unsafe(tie))),
        )


def works(tie: Tie) -> bool:
    """Whether somebody has answered, all with 4 or 5, and nobody wants out."""
    answers = [check.fit for check in tie.fits if check.fit is not None]
    return len(answers) > 0 and not any(fit < _WORKS for fit in answers) and not _unwanted(tie)


def places(member: MemberProfile, kind: str, as_mentor: bool) -> float:
    """How many ties of a kind a member has room for."""
    if kind == "buddy":
        return member.buddy_capacity
    return member.mentor_capacity if as_mentor else float("inf")


def ends(tie: Tie) -> tuple[tuple[str, bool, str], tuple[str, bool, str]]:
    """Whose places a tie takes: its kind, whether as a mentor, and who."""
    return (tie.kind, False, tie.member_id), (tie.kind, tie.kind == "mentor", tie.peer_id)


def _unwanted(tie: Tie) -> bool:
    return any(check.keep is False for check in tie.fits)


def _felt_unsafe(tie: Tie) -> bool:
    return (tie.why or "").strip().lower() == "unsafe"


def _broken_rules(tie: Tie, members: Mapping[str, MemberProfile], never: set[Pair], day: date) -> tuple[str, ...]:
    one, other = members.get(tie.member_id), members.get(tie.peer_id)
    if one is None or other is None:
        return ("gone",)
    rules = tuple(check_pair(one, other, day, tie.kind))
    return (*rules, "never") if frozenset(tie.pair) in never else rules


def _is_protected(tie: Tie, config: RematchConfig, day: date) -> bool:
    if tie.protected or (config.protect.works and works(tie)):
        return True
    if not config.protect.days or tie.since is None:
        return False
    return day.toordinal() < tie.since.toordinal() + config.protect.days


def _without_room(
    lawful: Mapping[Key, Tie], protected: set[Key], members: Mapping[str, MemberProfile], day: date
) -> list[Key]:
    """Ties for which no place is left: protected ones come first, then those that work, then the oldest."""
    taken: Counter[tuple[str, bool, str]] = Counter()
    crowded = []
    for key in sorted(
        lawful, key=lambda key: (key not in protected, not works(lawful[key]), lawful[key].since or day, key)
    ):
        both = ends(lawful[key])
        if any(taken[end] + 1 > places(members[end[2]], end[0], end[1]) for end in both):
            crowded.append(key)
        else:
            taken.update(both)
    return crowded


def _is_over(tie: Tie, config: RematchConfig, day: date) -> bool:
    """Whether a tie that is over keeps its two from another one."""
    if _felt_unsafe(tie) or _unwanted(tie) or tie.until is None or config.no_repeat_days is None:
        return True
    return tie.until.toordinal() + config.no_repeat_days >= day.toordinal()


def _limit(config: RematchConfig, could_stand: int) -> int | None:
    if config.churn.share is None:
        return config.churn.limit
    return int(Fraction(config.churn.share) * could_stand + Fraction(1, 10**9))
