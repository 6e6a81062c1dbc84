"""What a rematch says, in the words of those who decide about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matcher.grouping.plan import GroupPlan
from matcher.rematch.measuring import Metrics
from matcher.rematch.plan import Certificate, RematchPlan
from matcher.rematch.subgroups import FEW, UNKNOWN
from matcher.rematch.suppression import SMALLEST_SHOWN
from service.reports.group_words import attribute_words, count_words, value_words

KIND_WORDS = {"buddy": "Buddies", "mentor": "Mentors", "group": "Groups", "all": "Buddies and mentors together"}
TIE_WORDS = {"buddy": "buddy pair", "mentor": "mentor assignment"}
PLAN_WORDS = {
    "plan": "This plan",
    "incumbent": "In force today",
    "random": "By lot",
    "procedure": "By procedure alone",
    "stage": "By stage alone",
}
"""In the order in which plans are shown."""
PHASE_WORDS = {
    "reading": "Reading the community",
    "baselines": "Making plans to compare with",
    "candidates": "Searching candidates",
    "pairing": "Pairing everybody",
    "measuring": "Measuring",
    "groups": "Forming groups",
    "checking": "Checking every rule again",
    "writing": "Writing",
}
"""In the order in which they come."""
WHY_WORDS = {
    "no_candidates": "no hard rule, or the history, leaves them anybody",
    "below_threshold": "everybody they could have scores below the threshold",
    "parity_or_capacity": "somebody has to be left over",
    "outcompeted": "others fit better",
}
RULE_WORDS = {
    "gone": "one of the two is no member any more",
    "never": "the two are never to meet",
    "no_room": "no room for so many ties any more",
    "consent": "one of the two has not agreed to be matched",
    "status": "one of the two is paused, held or withdrawn",
    "age_pool": "their age groups may not meet",
    "seeks": "one of the two does not look for such a tie any more",
    "mentor_approved": "the mentor is not approved",
    "role": "a role that one of the two does not want to meet",
    "language": "no language in common",
    "gender_wish": "a wish about gender",
    "avoid_topic": "a topic that must not come up",
    "same_clinic": "the same clinic, which one of the two avoids",
    "channel": "no way in common to be in touch",
    "region": "could only meet in person, and are too far apart",
    "already_matched": "the two are tied already",
    "no_repeat": "the two had a tie before",
    "block": "one has blocked the other",
    "capacity": "no place left",
}
OBJECTIVE_WORDS = {
    "total": "most score",
    "coverage": "most people first, then most score",
    "stable": "no two who would both rather have each other",
}
FACET_WORDS = {
    "procedure": "Procedure", "stage": "Stage", "topics": "Topics", "support": "Support",
    "contact": "Contact", "interests": "Interests", "age": "Age",
}  # fmt: skip
_MORE_ATTRIBUTES = {"age_pool": "Age group", "role": "Role", "region": "Region", "gender": "Gender"}
HIDDEN = "hidden"
DASH = "\N{EN DASH}"


def kind_metrics(plan: RematchPlan) -> dict[str, dict[str, Metrics]]:
    """The figures by plan, in the order in which they are shown, and by kind of tie.

    There are no scores of under 11 ties. Fit by facet says something of what members have in common, so there is none
    of all kinds together, either, where that less the others would give it away.
    """
    names = sorted(plan.metrics, key=lambda name: (_rank(name), name))
    return {name: {row.kind: _without_few(plan.metrics[name], row) for row in plan.metrics[name]} for name in names}


def _without_few(rows: Sequence[Metrics], row: Metrics) -> Metrics:
    if 0 < row.ties < SMALLEST_SHOWN:
        return replace(row, mean=None, median=None, tenth=None, worst_tenth=None, facets={})
    if row.kind == "all" and any(0 < one.ties < SMALLEST_SHOWN for one in rows):
        return replace(row, facets={})
    return row


def _rank(name: str) -> int:
    known = list(PLAN_WORDS)
    return known.index(name) if name in known else len(known)


def plan_words(name: str) -> str:
    """What a plan is called."""
    return PLAN_WORDS.get(name, name)


def subgroup_words(attribute: str, value: str) -> str:
    """What a subgroup is called."""
    if value == UNKNOWN:
        return "Not said"
    if value == FEW:
        return "Several small groups together"
    words = value_words(attribute, value)
    return words if attribute == "region" else words[:1].upper() + words[1:]


def attribute_title(attribute: str) -> str:
    """What tells subgroups apart."""
    return _MORE_ATTRIBUTES.get(attribute) or attribute_words(attribute)


def share(value: float | None) -> str:
    """``93.9%``."""
    return DASH if value is None else f"{value:.1%}"


def small_share(value: float) -> str:
    """A share near 0, without ever calling nothing what is something: ``0%``, ``under 0.01%``, ``0.12%``."""
    if value <= 0:
        return "0%"
    return "under 0.01%" if value < 0.0001 else f"{value:.2%}"


def score(value: float | None) -> str:
    """``0.612``."""
    return DASH if value is None else f"{value:.3f}"


def signed_points(value: float) -> str:
    """``+3.1`` percentage points, with a true minus sign."""
    return _signed(f"{100 * value:+.1f}")


def signed_score(value: float) -> str:
    """``+0.031``."""
    return _signed(f"{value:+.3f}")


def _signed(text: str) -> str:
    if float(text) == 0:
        return text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def certainty_of(certificate: Certificate) -> str:
    """How good the ties of a kind surely are."""
    if certificate.gap <= 0:
        return "proved: nothing better can be made of these candidates"
    return f"at most {small_share(certificate.gap)} below the best possible"


def headline(plan: RematchPlan) -> tuple[str, ...]:
    """The result in a few sentences: for how many, how much better than today, what changes, how sure."""
    told = [_who(plan), _better(plan), _changes(plan), _sure(plan), _groups(plan.groups)]
    return tuple(sentence for sentence in told if sentence)


def _who(plan: RematchPlan) -> str:
    found = kind_metrics(plan)
    kinds = [kind for kind in ("buddy", "mentor") if kind in found.get("plan", {})]
    kind = kinds[0] if len(kinds) == 1 else "all"
    after = found.get("plan", {}).get(kind)
    if after is None or not kinds:
        return ""
    what = {"buddy": "a buddy", "mentor": "a mentor"}.get(kind, "a buddy or a mentor tie")
    if not after.could:
        return f"Nobody of {count_words(plan.members, 'member')} could have {what}."
    told = f"{after.matched:,} of {count_words(after.could, 'member')} who could have {what} get somebody"
    before = found.get("incumbent", {}).get(kind)
    if before is None or not before.ties:
        return f"{told} ({share(after.matched_share)}); today nobody has one that could stand."
    return f"{told}: {share(after.matched_share)}, against {share(before.matched_share)} today."


def _better(plan: RematchPlan) -> str:
    found = kind_metrics(plan)
    after, before = found.get("plan", {}).get("all"), found.get("incumbent", {}).get("all")
    if after is None or after.mean is None:
        return ""
    if before is None or before.mean is None:
        return f"The ties score {score(after.mean)} on average, of 1."
    way = "rises" if after.mean > before.mean else "falls" if after.mean < before.mean else "stays"
    if way == "stays":
        return f"The mean score of the ties stays at {score(after.mean)}, of 1."
    return f"The mean score of the ties {way} from {score(before.mean)} to {score(after.mean)}, of 1."


def _changes(plan: RematchPlan) -> str:
    ties, broken, could = plan.ties, len(plan.broken), plan.churn.could_stand
    new = sum(tie.standing == "new" for tie in ties)
    if not could:
        return f"All {count_words(new, 'tie')} are new." if new != 1 else "The one tie is new."
    ended = "None" if not broken else f"{broken:,}"
    are = "is" if broken == 1 or could == 1 else "are"
    told = f"{ended} of {count_words(could, 'tie')} in force {are} ended to get there, and {new:,} new made"
    limit = plan.churn.plan.limit
    allowed = "" if limit is None else f"; at most {limit:,} were allowed to end"
    lose = sum(len(one.lose) for one in plan.diff.kinds if one.kind != "group")
    left = f" {count_words(lose, 'member')} who had a tie {'is' if lose == 1 else 'are'} left without one of its kind."
    return f"{told}{allowed}.{left if lose else ''}"


def _sure(plan: RematchPlan) -> str:
    if not plan.certificates:
        return ""
    bound, objective = plan.churn.plan.bound, plan.churn.plan.objective
    gap = (bound - objective) / bound if bound > 0 else 0.0
    limit = "" if plan.churn.plan.limit is None else " that ends no more ties"
    if gap <= 0:
        return f"No plan of these candidates{limit} is better: that is proved."
    return f"No plan of these candidates{limit} is more than {small_share(gap)} better: that is proved."


def _groups(groups: GroupPlan | None) -> str:
    if groups is None:
        return ""
    moved = f", of whom {len(groups.moved):,} change groups" if groups.moved else ""
    return f"{count_words(len(groups.groups), 'group')} with {count_words(groups.terms.placed, 'member')}{moved}."
