"""Members whose answers are worth a look, and why there may be none."""

from __future__ import annotations

from collections import Counter

from matcher.errors import InvalidMember
from matcher.members.age import AgePool, age_pool
from matcher.members.profile import MemberProfile
from service.community import Community
from service.profile_text import profile_of
from service.storage import members

_HELP = {
    "consent": "have not agreed to be matched (if you hold their consent outside the file, say --consent)",
    "status": "are paused, held or withdrawn",
    "age_pool": "have no birth year, or one that may make them younger than 13",
    "language": "name no language",
    "seeks": "do not look for a buddy",
}


def pick_members(community: Community, most: int) -> list[str]:
    """Up to ``most`` matchable members, those with the fullest profiles first."""
    found: list[tuple[int, str]] = []
    for profile in _profiles(community):
        if not _barriers(profile, community):
            said = (profile.procedures, profile.topics, profile.interests, profile.needs, profile.channels)
            dated = any(event.date for event in profile.procedures)
            found.append((-sum(map(bool, said)) - dated - ("mentor" in profile.seeks), profile.member_id))
    return [member_id for _, member_id in sorted(found)[:most]]


def why_nobody_is_matchable(community: Community) -> str:
    """What keeps the stored members out, and what would help."""
    counts: Counter[str] = Counter()
    total = 0
    for profile in _profiles(community):
        total += 1
        counts.update(_barriers(profile, community))
    if not total:
        return "no member was stored, so there is nobody to ask about"
    told = "; ".join(f"{count:,} {_HELP[code]}" for code, count in counts.most_common())
    return f"none of the {total:,} members can be matched: {told}"


def _barriers(profile: MemberProfile, community: Community) -> list[str]:
    stands = {
        "consent": not profile.consent,
        "status": profile.status != "active",
        "age_pool": age_pool(profile.birth_year, community.settings.today()) == AgePool.NONE,
        "language": not profile.languages,
        "seeks": "buddy" not in profile.seeks,
    }
    return [code for code, keeps_out in stands.items() if keeps_out]


def _profiles(community: Community) -> list[MemberProfile]:
    found = []
    with community.database.reading() as connection:
        for text in members.everyone(connection):
            try:
                found.append(profile_of(text))
            except InvalidMember:  # the index reports it
                continue
    return found
