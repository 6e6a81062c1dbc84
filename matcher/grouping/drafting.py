"""From a solver's groups, by place, to drafts, by name: ids, language, time, and a name for each new group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from matcher.grouping.blocks import Formed
from matcher.grouping.draft import GroupDraft
from matcher.grouping.instance import Instance


def drafts_of(instance: Instance, groups: Sequence[Formed]) -> list[GroupDraft]:
    """Groups by place as groups by name; new ones are numbered in the order of their first members."""
    spec, cohort = instance.cohort.spec, instance.cohort
    fresh = sorted((group for group in groups if group.existing < 0), key=lambda group: group.members)
    taken, width = {group.name for group in spec.groups}, max(3, len(str(len(groups))))
    names: list[str] = []
    number = 0
    while len(names) < len(fresh):
        number += 1
        if (name := f"group-{number:0{width}d}") not in taken:
            names.append(name)
    named = dict(zip(fresh, names, strict=True))
    first_language = Counter(
        member.languages[0].split("-", 1)[0].lower() for member in cohort.members if member.languages
    )
    drafts = []
    for group in groups:
        existing = spec.groups[group.existing] if group.existing >= 0 else None
        drafts.append(
            GroupDraft(
                existing.name if existing is not None else named[group],
                tuple(cohort.members[place].member_id for place in group.members),
                tuple(sorted(instance.leaders.names[leader] for leader in group.leaders)),
                _language(instance, group, first_language),
                None if instance.times is None else instance.times.slots[group.slot],
                existing is not None and existing.locked,
                spec.open if existing is None or existing.open is None else existing.open,
            )
        )
    return drafts


def _language(instance: Instance, group: Formed, first_language: Counter[str]) -> str:
    """The language of a group: of those that all speak, the one that most of the cohort speak first."""
    words = np.bitwise_and.reduce(instance.masks[list(group.members)], axis=0)
    for leader in group.leaders:
        words &= instance.leaders.masks[leader]
    if group.existing >= 0:
        words &= instance.existing.masks[group.existing]
    tongues = words[instance.slot_words :].tolist()
    shared = [tag for bit, tag in enumerate(instance.languages) if tongues[bit >> 6] >> (bit & 63) & 1]
    return min(shared, key=lambda tag: (-first_language[tag], tag))
