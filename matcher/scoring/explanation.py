"""Why two members fit, in words, through the gate of what the other agreed to show.

A reason about a peer tells the seeker something about that peer. It is only ever made of facets that the peer
``shares``; it names a stage band and a procedure family, never a date; topics and interests only where both list them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matcher.catalog import Catalog
from matcher.embedding.facets import PARTS
from matcher.embedding.rows import Rows
from matcher.members.record import MemberRecord
from matcher.members.vocabulary import SUPPORT_TYPES
from matcher.scoring.agreement import PROCEDURE, may_tell

MOST_REASONS = 3
MOST_NAMED = 3

BAND_WORDS = (
    "preparing",
    "in the first days",
    "early in recovery",
    "in the middle of recovery",
    "late in recovery",
    "settled",
)
"""In the order of :class:`matcher.members.stage.StageBand`."""
SUPPORT_WORDS = {
    "emotional": "emotional support",
    "informational": "advice from experience",
    "instrumental": "practical help",
    "companionship": "company",
}
CHANNEL_WORDS = {"text": "messages", "voice": "calls", "video": "video", "in_person": "meeting in person"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason that may be shown to the seeker.

    Attributes:
        facet: which facet it speaks of.
        text: the sentence.
    """

    facet: str
    text: str


class StageFacts(NamedTuple):
    """What a reason needs of a row: codes of the primary procedure and its family, and the stage band; -1 where
    unknown."""

    procedure: int
    family: int
    band: int


def facts_of(rows: Rows) -> list[StageFacts]:
    """The facts of (n,) rows, as plain numbers."""
    columns = (rows["procedure"].tolist(), rows["family"].tolist(), rows["band"].tolist())
    return [StageFacts(*facts) for facts in zip(*columns, strict=True)]


def reasons(
    seeker: MemberRecord,
    peer: MemberRecord,
    seeker_facts: StageFacts,
    peer_facts: StageFacts,
    parts: Sequence[float],
    weights: Sequence[float],
    catalog: Catalog,
    mentoring: bool,
) -> tuple[Reason, ...]:
    """The strongest reasons, at most three, strongest first.

    Args:
        seeker: who reads them.
        peer: whom they are about; their ``shares`` are the gate.
        seeker_facts: the seeker's place in the catalogue and in time.
        peer_facts: the peer's.
        parts: the nine kernels of the pair.
        weights: (8,) part weights.
        catalog: for names.
        mentoring: whether the peer is a mentor to be.
    """
    strengths = [weight * fit for weight, fit in zip(weights, parts, strict=False)]
    found: list[Reason] = []
    for part in sorted(range(8), key=strengths.__getitem__, reverse=True):
        if strengths[part] <= 0.0 or len(found) == MOST_REASONS:
            break
        reason = _reason(PARTS[part], seeker, peer, seeker_facts, peer_facts, parts[part], catalog, mentoring)
        if reason is not None:
            found.append(reason)
    return tuple(found)


def _reason(
    part: str,
    seeker: MemberRecord,
    peer: MemberRecord,
    seeker_facts: StageFacts,
    peer_facts: StageFacts,
    fit: float,
    catalog: Catalog,
    mentoring: bool,
) -> Reason | None:
    shares = peer.shares
    if not may_tell(part, shares):
        return None
    if part == "procedure":
        return _procedure_reason(peer_facts, fit, shares, catalog)
    if part == "stage":
        return _stage_reason(seeker_facts.band, peer_facts.band, mentoring)
    if part == "topics":
        names = [
            catalog.topics.names[code]
            for tag in seeker.topics
            if tag in peer.topics and (code := catalog.topics.code(tag)) is not None
        ]
        return Reason("topics", f"You both want to talk about {_listed(names)}") if names else None
    if part == "support":
        offered = [SUPPORT_WORDS[kind] for kind in SUPPORT_TYPES if kind in seeker.needs and kind in peer.offers]
        return Reason("support", f"Offers what you look for: {_listed(offered)}") if offered else None
    if part == "channel":
        both = [CHANNEL_WORDS[channel] for channel in seeker.channels if channel in peer.channels]
        also = f", {peer.cadence}" if peer.cadence is not None and peer.cadence == seeker.cadence else ""
        return Reason("contact", f"You both like to stay in touch by {_listed(both)}{also}") if both else None
    if part == "interests":
        both = [_interest_name(tag, catalog) for tag in seeker.interests if tag in peer.interests]
        return Reason("interests", f"You share an interest in {_listed(both)}") if both else None
    if part == "age" and fit > 0.75:
        return Reason("age", "You are about the same age")
    return None


def _procedure_reason(peer: StageFacts, fit: float, shares: tuple[str, ...], catalog: Catalog) -> Reason | None:
    if fit >= 1.0 and may_tell(PROCEDURE, shares):
        return Reason("procedure", f"Went for the same thing as you: {catalog.procedures[peer.procedure].name}")
    if fit >= 0.7 and "procedure_family" in shares:
        return Reason("procedure", f"Is going through something of the same kind: {catalog.family_names[peer.family]}")
    return None


def _stage_reason(own: int, band: int, mentoring: bool) -> Reason | None:
    if mentoring:
        return Reason("stage", f"Is further on than you: {BAND_WORDS[band]}") if band > own else None
    return Reason("stage", f"Is where you are: {BAND_WORDS[band]}") if band == own else None


def _interest_name(tag: str, catalog: Catalog) -> str:
    code = catalog.interests.code(tag)
    return catalog.interests.names[code] if code is not None else tag


def _listed(names: Iterable[str]) -> str:
    shown = list(names)[:MOST_NAMED]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
