"""Which members a spec speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from matcher.catalog import Vocabulary, as_slug, default_catalog
from matcher.eligibility.rules import spoken
from matcher.errors import Problem, UnknownProcedure
from matcher.grouping.attributes import attribute_values
from matcher.grouping.spec import Who
from matcher.members.profile import MemberProfile

_BY_ATTRIBUTE = {
    "stage_bands": "stage_band",
    "procedures": "procedure",
    "families": "procedure_family",
    "domains": "procedure_domain",
}


def unknown_words(who: Who) -> list[Problem]:
    """What the catalogue does not have of the procedures, families, domains and topics that are asked for."""
    catalog = default_catalog()
    problems = []
    for place, procedure in enumerate(who.procedures):
        try:
            catalog.place(procedure)
        except UnknownProcedure as error:
            hint = f"; did you mean {', '.join(error.suggestions)}?" if error.suggestions else ""
            problems.append(
                Problem(f"who.procedures[{place}]", "nobody knows this procedure", f"a catalogue slug{hint}")
            )
    for field, given, slugs in (
        ("families", who.families, catalog.families),
        ("domains", who.domains, catalog.domains),
        ("topics", who.topics, catalog.topics.tags),
    ):
        for place, slug in enumerate(given):
            if as_slug(slug) not in slugs:
                problems.append(Problem(f"who.{field}[{place}]", "not in the catalogue", f"one of its {field}"))
    return problems


def those_asked_for(members: Sequence[MemberProfile], who: Who, as_of: date) -> list[MemberProfile]:
    """The members who pass every filter that is given, in their order; O(n).

    Words are compared as profiles spell them, and languages by their primary subtag.
    """
    for field, attribute in _BY_ATTRIBUTE.items():
        wanted = _wanted(field, getattr(who, field))
        if wanted:
            codes, values = attribute_values(members, attribute, as_of)
            taken = {code for code, value in enumerate(values) if value in wanted}
            members = [member for member, code in zip(members, codes.tolist(), strict=True) if code in taken]
    passes = _tests(who)
    return [member for member in members if all(test(member) for test in passes)]


def _tests(who: Who) -> list[Callable[[MemberProfile], bool]]:
    ids, excluded, roles = frozenset(who.member_ids), frozenset(who.exclude), frozenset(who.roles)
    languages = spoken(who.languages)
    regions = frozenset(" ".join(region.casefold().split()) for region in who.regions)
    catalog = default_catalog()
    topics, interests = _keys(who.topics, catalog.topics), _keys(who.interests, catalog.interests)
    tests: list[tuple[object, Callable[[MemberProfile], bool]]] = [
        (ids, lambda member: member.member_id in ids),
        (excluded, lambda member: member.member_id not in excluded),
        (roles, lambda member: member.role in roles),
        (languages, lambda member: not languages.isdisjoint(spoken(member.languages))),
        (regions, lambda member: member.region in regions),
        (topics, lambda member: not topics.isdisjoint(_keys(member.topics, catalog.topics))),
        (interests, lambda member: not interests.isdisjoint(_keys(member.interests, catalog.interests))),
    ]
    return [test for given, test in tests if given]


def _wanted(field: str, given: tuple[str, ...]) -> frozenset[str]:
    catalog = default_catalog()
    if field == "procedures":
        return frozenset(catalog.procedures[catalog.place(procedure)].slug for procedure in given)
    return frozenset(given if field == "stage_bands" else map(as_slug, given))


def _keys(tags: tuple[str, ...], vocabulary: Vocabulary) -> frozenset[int | str]:
    """Tags so that spellings of one are equal: catalogue codes, and free tags in lower case."""
    codes = ((vocabulary.code(tag), "-".join(tag.lower().split())) for tag in tags)
    return frozenset(text if code is None else code for code, text in codes)
