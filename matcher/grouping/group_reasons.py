"""Why a member fits their group, in words for staff, through the gate of what the others agreed to show.

A sentence counts only others who ``share`` the facet it speaks of, and speaks of none that the member does not share
(:mod:`matcher.scoring.agreement`). It names a stage band and a procedure, never a date; it is about several people at
once and names none.
"""

from __future__ import annotations

from matcher.catalog import default_catalog
from matcher.embedding.facets import CADENCE, CHANNEL, INTERESTS, PROCEDURE, STAGE, SUPPORT, TOPICS
from matcher.grouping.cohort import Cohort
from matcher.grouping.group_measures import SAME_PROCEDURE, GroupMeasures
from matcher.members.vocabulary import CHANNELS, SUPPORT_TYPES
from matcher.scoring.agreement import NEEDED, may_tell
from matcher.scoring.explanation import BAND_WORDS, CHANNEL_WORDS, SUPPORT_WORDS

MOST_REASONS = 2
_FACETS = ("procedure", "stage", "topics", "support", "contact", "contact", "interests", "age", "procedure")


def group_reasons(cohort: Cohort, measures: GroupMeasures) -> list[tuple[str, ...]]:
    """At most two reasons for each place of ``measures``, the strongest first.

    A reason is strong by what its facet gives to the fit with those who show it. It is told if it holds for half of the
    others; where none does, the strongest is told that holds for anybody.
    """
    sizes = measures.starts[1:] - measures.starts[:-1]
    others = [size - 1 for size in sizes.tolist() for _ in range(size)]
    columns = (measures.strengths.tolist(), measures.counts.tolist(), measures.which.tolist(), others)
    found = []
    for place, (strengths, counts, which, rest) in enumerate(zip(*columns, strict=True)):
        member = int(measures.members[place])
        own = [may_tell(thing, cohort.members[member].shares) for thing in NEEDED]
        # A same procedure says more than its family, but only if it is said of as many.
        same = own[SAME_PROCEDURE] and counts[SAME_PROCEDURE] >= counts[PROCEDURE]
        things = (SAME_PROCEDURE if same else PROCEDURE, *range(1, SAME_PROCEDURE))
        ranked = [thing for thing in things if own[thing] and counts[thing] and strengths[thing] > 0.0]
        ranked.sort(key=lambda thing: -strengths[thing])
        told = [thing for thing in ranked if 2 * counts[thing] >= rest] or ranked[:1]
        facets = {_FACETS[thing]: thing for thing in reversed(told)}  # channel and cadence are one facet
        chosen = [thing for thing in told if facets[_FACETS[thing]] == thing][:MOST_REASONS]
        found.append(tuple(_sentence(cohort, member, thing, counts[thing], which[thing], rest) for thing in chosen))
    return found


def _sentence(cohort: Cohort, place: int, thing: int, count: int, which: int, rest: int) -> str:
    catalog, member, row = default_catalog(), cohort.members[place], cohort.rows[place]
    those = "the other member" if rest == 1 else f"all {rest} others" if count == rest else f"{count} of {rest} others"
    if thing == SAME_PROCEDURE:
        return f"Goes through the same as {those}: {catalog.procedures[row['procedure']].name}"
    if thing == PROCEDURE:
        return f"Goes through something of the same kind as {those}: {catalog.family_names[row['family']]}"
    if thing == STAGE:
        return f"Is where {those} {_are(count)}: {BAND_WORDS[row['band']]}"
    if thing == TOPICS:
        code = catalog.topics.code(member.topics[which])
        name = member.topics[which] if code is None else catalog.topics.names[code]
        return f"Wants to talk about {name}, as {_do(those, count)}"
    if thing == SUPPORT:
        return f"Looks for {SUPPORT_WORDS[SUPPORT_TYPES[which]]}, which {those} {'offers' if count == 1 else 'offer'}"
    if thing == CHANNEL:
        return f"Likes {CHANNEL_WORDS[CHANNELS[which]]}, as {_do(those, count)}"
    if thing == CADENCE:
        return f"Wants {member.cadence} contact, as {_do(those, count)}"
    if thing == INTERESTS:
        code = catalog.interests.code(member.interests[which])
        name = member.interests[which] if code is None else catalog.interests.names[code]
        return f"Shares an interest in {name} with {those}"
    return f"Is about the same age as {those}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _do(those: str, count: int) -> str:
    return f"{those} {'does' if count == 1 else 'do'}"
