"""The catalogue: procedures in families and domains, and the place that each code or slug has in it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from matcher.catalog.coding import is_code, longest_prefix
from matcher.catalog.vocabulary import Vocabulary, as_slug
from matcher.errors import UnknownProcedure

CCSR_SLUG = "ccsr-"

# Longer texts are no misspelled slug, and comparing them with every slug would be slow.
_LONGEST_SUGGESTED = 64


@dataclass(frozen=True, slots=True)
class Procedure:
    """A leaf of the catalogue: an operation, a course of treatment or another recovery.

    Attributes:
        slug: Its name in profiles and files.
        name: Its name for people.
        family: Slug of its family.
        domain: Slug of the family's domain.
        recovery_days: Days from the operation or start until most people have recovered; docs/catalogue.md defines it.
        source: Where the recovery length comes from: publisher and page.
        operation: Whether it is an operation; else it is dated from its start.
    """

    slug: str
    name: str
    family: str
    domain: str
    recovery_days: int
    source: str
    operation: bool


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """Procedures, topics and interests. A procedure's position is its code; all arrays are read-only.

    Attributes:
        procedures: Community-named ones first, then a leaf for each CCSR category that is none of these.
        families: Slugs of the families.
        family_names: Their names for people, same order.
        domains: Slugs of the domains.
        domain_names: Their names for people, same order.
        family_of: Family code by procedure code, int16.
        domain_of: Domain code by procedure code, int16.
        recovery_days: Typical recovery length by procedure code, int32, days, positive.
        topics_of: Topics that come up with a procedure whether its owner lists them or not, by procedure code.
        topics: What members deal with, talk about or avoid.
        interests: What members enjoy.
        fingerprint: SHA-256 over the names and bytes of the data files, hexadecimal.
        places: Procedure code by slug, ``ccsr-`` slugs of categories with a community name included.
        code_places: Procedure code by ICD-10-PCS prefix; the longest prefix of a code decides.
    """

    procedures: tuple[Procedure, ...]
    families: tuple[str, ...]
    family_names: tuple[str, ...]
    domains: tuple[str, ...]
    domain_names: tuple[str, ...]
    family_of: npt.NDArray[np.int16]
    domain_of: npt.NDArray[np.int16]
    recovery_days: npt.NDArray[np.int32]
    topics_of: tuple[tuple[str, ...], ...]
    topics: Vocabulary
    interests: Vocabulary
    fingerprint: str
    places: Mapping[str, int]
    code_places: Mapping[str, int]

    def place(self, procedure: str) -> int:
        """The code of the procedure that a member named.

        Args:
            procedure: A slug (``sleeve-gastrectomy``, ``ccsr-mst010``; any case, spaces and underscores read as
                hyphens) or a complete ICD-10-PCS code (any case).

        Returns:
            Its position in :attr:`procedures`. Answers are kept, so asking again costs one look-up.

        Raises:
            UnknownProcedure: It is neither; carries up to three slugs that look alike.
        """
        return _place(self, procedure)


@lru_cache(maxsize=16384)
def _place(catalog: Catalog, procedure: str) -> int:
    slug = as_slug(procedure)
    code = catalog.places.get(slug)
    if code is None:
        # The procedure as typed, not its slug: only a slug may hold gaps, and only ASCII letters have one upper case.
        letters = procedure.strip().upper()
        if procedure.isascii() and is_code(letters):
            code = longest_prefix(letters, catalog.code_places)
    if code is None:
        # Codes resemble each other by accident, never by meaning.
        typed = len(slug) <= _LONGEST_SUGGESTED and not is_code(slug.upper())
        raise UnknownProcedure(procedure, _suggestions(catalog, slug) if typed else ())
    return code


# A file may name one unknown procedure a million times, and comparing it with every slug takes milliseconds.
@lru_cache(maxsize=1024)
def _suggestions(catalog: Catalog, slug: str) -> tuple[str, ...]:
    """Up to three slugs whose own spelling or name for people looks like an unknown one."""
    spellings = _spellings(catalog)
    near = difflib.get_close_matches(slug, spellings, n=9, cutoff=0.6)
    return tuple(dict.fromkeys(spellings[text] for text in near))[:3]


@lru_cache(maxsize=4)
def _spellings(catalog: Catalog) -> dict[str, str]:
    """Slug by every spelling that a suggestion may be found under: the slug, the name, the name in brackets."""
    found: dict[str, str] = {}
    for procedure in catalog.procedures:
        found[procedure.slug] = procedure.slug
        if not procedure.slug.startswith(CCSR_SLUG):
            for part in procedure.name.replace(")", "").split("("):
                found.setdefault(as_slug(part), procedure.slug)
    return found
