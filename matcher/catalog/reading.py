"""Reading the catalogue from its data files; a catalogue that contradicts itself is refused."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from statistics import median_low
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from matcher.catalog.catalog import CCSR_SLUG, Catalog, Procedure
from matcher.catalog.coding import is_prefix, longest_prefix
from matcher.catalog.tables import Row, codes_of, lines_of, named_rows, refuse, rows_of
from matcher.catalog.vocabulary import Vocabulary

DOMAINS = "domains.csv"
FAMILIES = "families.csv"
PROCEDURES = "procedures.csv"
CATEGORIES = "ccsr_categories.csv"
PLACES = "ccsr_places.csv"
PREFIXES = "icd10pcs_ccsr_prefixes.csv.gz"
REFINEMENTS = "icd10pcs_procedures.csv"
BROUGHT_TOPICS = "procedure_topics.csv"

_Scalar = TypeVar("_Scalar", bound=np.generic)

_CCSR_SOURCE = "AHRQ HCUP, CCSR for ICD-10-PCS v2022.1, category {}; recovery length: {}"


@dataclass(frozen=True, slots=True)
class _Tree:
    """Families and domains while procedures are placed in them."""

    families: dict[str, Row]
    domains: dict[str, Row]

    def procedure(self, row: Row, slug: str, name: str, days: int, source: str) -> Procedure:
        family = row["family"]
        if family not in self.families:
            row.refuse(f"family {family!r} does not stand in {FAMILIES}")
        return Procedure(slug, name, family, self.families[family]["domain"], days, source, row.yes("operation"))


def read_catalog(files: Mapping[str, bytes]) -> Catalog:
    """Read and check a catalogue.

    Args:
        files: Contents by file name, as docs/catalogue.md lists them.

    Returns:
        The catalogue. Takes some 60 ms for the package's own data.

    Raises:
        CatalogError: A file is missing or unreadable, or a row contradicts the others; names the file and row.
    """
    tree = _tree(files)
    procedures = _community(files, tree)
    places = {procedure.slug: code for code, procedure in enumerate(procedures)}
    _add_categories(files, tree, procedures, places)
    families, domains = codes_of(tree.families), codes_of(tree.domains)
    topics = _vocabulary(files, "topics.csv", "topic_groups.csv")
    return Catalog(
        procedures=tuple(procedures),
        families=tuple(families),
        family_names=_names(tree.families),
        domains=tuple(domains),
        domain_names=_names(tree.domains),
        family_of=_small([families[procedure.family] for procedure in procedures]),
        domain_of=_small([domains[procedure.domain] for procedure in procedures]),
        recovery_days=_frozen(np.array([procedure.recovery_days for procedure in procedures], dtype=np.int32)),
        topics_of=_topics_of(files, procedures, tree, topics),
        topics=topics,
        interests=_vocabulary(files, "interests.csv", "interest_groups.csv"),
        fingerprint=_fingerprint(files),
        places=places,
        code_places=_code_places(files, places),
    )


@cache
def default_catalog() -> Catalog:
    """The catalogue that ships with the package, read on the first call."""
    data = resources("matcher.catalog") / "data"
    return read_catalog({file.name: file.read_bytes() for file in data.iterdir() if ".csv" in file.name})


def _tree(files: Mapping[str, bytes]) -> _Tree:
    domains = named_rows(files, DOMAINS)
    families = named_rows(files, FAMILIES, "domain")
    for row in families.values():
        row.one_of("domain", codes_of(domains))
    return _Tree(families, domains)


def _topics_of(
    files: Mapping[str, bytes], procedures: Sequence[Procedure], tree: _Tree, topics: Vocabulary
) -> tuple[tuple[str, ...], ...]:
    """Topics that a procedure brings up by itself, named for a procedure or for a whole family."""
    slugs = {procedure.slug for procedure in procedures}
    brought: dict[str, set[str]] = {}
    for row in rows_of(files, BROUGHT_TOPICS, ("place", "topic")):
        if row["place"] not in slugs and row["place"] not in tree.families:
            row.refuse(f"place {row['place']!r} is neither a procedure nor a family")
        if topics.code(row["topic"]) is None:
            row.refuse(f"topic {row['topic']!r} does not stand in topics.csv")
        brought.setdefault(row["place"], set()).add(row["topic"])
    none: set[str] = set()
    return tuple(
        tuple(sorted(brought.get(procedure.slug, none) | brought.get(procedure.family, none)))
        for procedure in procedures
    )


def _community(files: Mapping[str, bytes], tree: _Tree) -> list[Procedure]:
    found = []
    for slug, row in named_rows(files, PROCEDURES, "family", "recovery_days", "operation", "source").items():
        if slug.startswith(CCSR_SLUG):
            row.refuse(f"slug {slug!r} begins with {CCSR_SLUG!r}, which belongs to CCSR categories")
        found.append(tree.procedure(row, slug, row["name"], row.days("recovery_days"), row.text("source")))
    return found


def _add_categories(
    files: Mapping[str, bytes], tree: _Tree, procedures: list[Procedure], places: dict[str, int]
) -> None:
    """Give every CCSR category its place: a community procedure, or a leaf of its own at the end."""
    names = _category_names(files)
    days_in: dict[str, list[int]] = {}
    for procedure in procedures:
        days_in.setdefault(procedure.family, []).append(procedure.recovery_days)
    community = dict(places)
    for row in rows_of(files, PLACES, ("ccsr", "procedure", "family", "recovery_days", "operation")):
        category = row["ccsr"]
        slug = CCSR_SLUG + category.lower()
        if category not in names:
            row.refuse(f"ccsr {category!r} does not stand in {CATEGORIES}")
        if slug in places:
            row.refuse(f"ccsr {category!r} is placed twice")
        if row["procedure"]:
            if row["family"] or row["recovery_days"] or row["operation"]:
                row.refuse("a category that is a community procedure has its family, days and operation from there")
            places[slug] = row.one_of("procedure", community)
            continue
        days, origin = _category_days(row, days_in)
        source = _CCSR_SOURCE.format(category, origin)
        places[slug] = len(procedures)
        procedures.append(tree.procedure(row, slug, names[category], days, source))
    for number, category in enumerate(names, start=2):
        if CCSR_SLUG + category.lower() not in places:
            refuse(CATEGORIES, number, f"ccsr {category!r} has no place in {PLACES}")


def _category_days(row: Row, days_in: Mapping[str, Sequence[int]]) -> tuple[int, str]:
    if row["recovery_days"]:
        return row.days("recovery_days"), f"set in {PLACES}"
    if row["family"] not in days_in:
        row.refuse(f"family {row['family']!r} holds no community procedure to take recovery_days from")
    return median_low(days_in[row["family"]]), "median of its family"


def _category_names(files: Mapping[str, bytes]) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in rows_of(files, CATEGORIES, ("ccsr", "description", "clinical_domain")):
        if row["ccsr"] in names:
            row.refuse(f"ccsr {row['ccsr']!r} stands twice")
        names[row.text("ccsr")] = row.text("description")
    return names


def _code_places(files: Mapping[str, bytes], places: Mapping[str, int]) -> dict[str, int]:
    """Procedure code by ICD-10-PCS prefix: the CCSR's own prefixes, and those refined to a community procedure."""
    found: dict[str, int] = {}
    category_of: dict[str, str] = {}
    for number, (prefix, category) in lines_of(files, PREFIXES, ("icd10pcs_prefix", "ccsr")):
        place = places.get(CCSR_SLUG + category.lower())
        if place is None:
            refuse(PREFIXES, number, f"ccsr {category!r} does not stand in {PLACES}")
        if not is_prefix(prefix):
            refuse(PREFIXES, number, f"{prefix!r} is not the beginning of an ICD-10-PCS code")
        if prefix in found:
            refuse(PREFIXES, number, f"prefix {prefix!r} stands twice")
        found[prefix] = place
        category_of[prefix] = category
    _refine(files, places, category_of, found)
    return found


def _refine(
    files: Mapping[str, bytes], places: Mapping[str, int], category_of: Mapping[str, str], found: dict[str, int]
) -> None:
    ordered = sorted(category_of)
    seen: dict[str, int] = {}
    for row in rows_of(files, REFINEMENTS, ("icd10pcs_prefix", "procedure", "ccsr")):
        prefix = row["icd10pcs_prefix"]
        if not is_prefix(prefix):
            row.refuse(f"{prefix!r} is not the beginning of an ICD-10-PCS code")
        if prefix in seen:
            row.refuse(f"prefix {prefix!r} stands already in row {seen[prefix]}")
        seen[prefix] = row.number
        found[prefix] = row.one_of("procedure", places)
        # A refinement may only split one category. If it covered codes of a second, it would take them out of
        # a category that somebody else has placed with care: a biopsy, say, would become an operation.
        covered = _categories_under(prefix, ordered, category_of)
        if covered != {row["ccsr"]}:
            row.refuse(f"codes that begin with {prefix!r} are of CCSR {sorted(covered)}, not of {row['ccsr']!r} alone")


def _categories_under(prefix: str, ordered: Sequence[str], category_of: Mapping[str, str]) -> set[str]:
    """All CCSR categories of codes that begin with a prefix."""
    covered = set()
    for at in range(bisect_left(ordered, prefix), len(ordered)):
        if not ordered[at].startswith(prefix):
            break
        covered.add(category_of[ordered[at]])
    own = longest_prefix(prefix, category_of)
    return covered | ({own} if own is not None else set())


def _vocabulary(files: Mapping[str, bytes], tags_file: str, groups_file: str) -> Vocabulary:
    groups = named_rows(files, groups_file)
    tags = named_rows(files, tags_file, "group")
    codes = codes_of(groups)
    group_of = [row.one_of("group", codes) for row in tags.values()]
    return Vocabulary(tuple(tags), _names(tags), tuple(groups), _names(groups), _small(group_of))


def _names(rows: Mapping[str, Row]) -> tuple[str, ...]:
    return tuple(row["name"] for row in rows.values())


def _small(codes: Sequence[int]) -> npt.NDArray[np.int16]:
    return _frozen(np.array(codes, dtype=np.int16))


def _frozen(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    array.flags.writeable = False
    return array


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        # Lengths keep a byte from moving between a name and its contents, or between files, unnoticed.
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()
