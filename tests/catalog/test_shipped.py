"""The catalogue that ships: complete, sourced and consistent with the public classification."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from collections import Counter
from importlib.resources import files

import numpy as np
import pytest

from matcher.catalog import Catalog, default_catalog
from matcher.catalog.reading import PREFIXES

DATA = files("matcher.catalog") / "data"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return default_catalog()


def table(name: str) -> list[dict[str, str]]:
    data = (DATA / name).read_bytes()
    return list(csv.DictReader(io.StringIO((gzip.decompress(data) if name.endswith(".gz") else data).decode())))


def test_every_procedure_has_a_source_a_name_and_a_positive_recovery_length(catalog: Catalog) -> None:
    for procedure in catalog.procedures:
        assert len(procedure.source) > 10, procedure
        assert procedure.name, procedure
        assert procedure.recovery_days > 0, procedure


def test_community_sources_name_a_publisher_and_a_page(catalog: Catalog) -> None:
    for row in table("procedures.csv"):
        publisher, _, page = row["source"].partition(", ")
        assert publisher, row
        assert page, row


def test_slugs_and_names_are_unique_among_community_procedures(catalog: Catalog) -> None:
    community = [procedure for procedure in catalog.procedures if not procedure.slug.startswith("ccsr-")]
    assert max(Counter(procedure.slug for procedure in catalog.procedures).values()) == 1
    assert max(Counter(procedure.name for procedure in community).values()) == 1
    assert len(community) >= 150


def test_community_procedures_come_first_and_leaves_only_for_other_categories(catalog: Catalog) -> None:
    leaves = [procedure.slug.startswith("ccsr-") for procedure in catalog.procedures]
    assert leaves == sorted(leaves)
    own = {row["ccsr"].lower() for row in table("ccsr_places.csv") if not row["procedure"]}
    assert {p.slug.removeprefix("ccsr-") for p in catalog.procedures if p.slug.startswith("ccsr-")} == own


def test_arrays_agree_with_the_procedures_and_cannot_be_written(catalog: Catalog) -> None:
    for code, procedure in enumerate(catalog.procedures):
        assert catalog.families[catalog.family_of[code]] == procedure.family
        assert catalog.domains[catalog.domain_of[code]] == procedure.domain
        assert catalog.recovery_days[code] == procedure.recovery_days
    assert catalog.family_of.dtype == np.int16
    assert catalog.domain_of.dtype == np.int16
    assert catalog.recovery_days.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        catalog.recovery_days[0] = 1


def test_every_family_and_domain_and_group_is_used(catalog: Catalog) -> None:
    assert set(catalog.family_of.tolist()) == set(range(len(catalog.families)))
    assert set(catalog.domain_of.tolist()) == set(range(len(catalog.domains)))
    for vocabulary in (catalog.topics, catalog.interests):
        assert set(vocabulary.group_of.tolist()) == set(range(len(vocabulary.groups)))


def test_a_family_lies_in_one_domain(catalog: Catalog) -> None:
    pairs = set(zip(catalog.family_of.tolist(), catalog.domain_of.tolist(), strict=True))
    assert len(pairs) == len(catalog.families)


def test_every_category_has_a_place(catalog: Catalog) -> None:
    categories = table("ccsr_categories.csv")
    assert len(categories) == 327
    for row in categories:
        assert 0 <= catalog.place(f"ccsr-{row['ccsr'].lower()}") < len(catalog.procedures)


def test_every_published_prefix_resolves_to_its_category_or_a_refinement_of_it(catalog: Catalog) -> None:
    refined: dict[str, set[int]] = {}
    for row in table("icd10pcs_procedures.csv"):
        refined.setdefault(row["ccsr"], set()).add(catalog.place(row["procedure"]))
    prefixes = {row["icd10pcs_prefix"]: row["ccsr"] for row in table(PREFIXES)}
    assert len(prefixes) == 33_853
    for prefix in prefixes:
        code = prefix.ljust(7, "Z")
        # Filling up may walk into a longer published prefix, so the category is that of the whole code.
        category = next(prefixes[code[:n]] for n in range(7, 0, -1) if code[:n] in prefixes)
        place = catalog.place(code)
        assert place in {catalog.place(f"ccsr-{category.lower()}")} | refined.get(category, set()), code


def test_refinements_point_at_community_procedures_and_do_real_work(catalog: Catalog) -> None:
    for row in table("icd10pcs_procedures.csv"):
        place = catalog.place(row["icd10pcs_prefix"].ljust(7, "Z"))
        assert not catalog.procedures[catalog.place(row["procedure"])].slug.startswith("ccsr-")
        assert place == catalog.place(row["procedure"]), row
        assert place != catalog.place(f"ccsr-{row['ccsr'].lower()}"), f"{row} adds nothing to its category"


def test_published_classification_is_the_public_file() -> None:
    # The version that the compressed table was made from; a change of it must be a decision.
    data = gzip.decompress((DATA / PREFIXES).read_bytes())
    assert data.startswith(b"icd10pcs_prefix,ccsr\n001,CNS010\n")
    assert data.count(b"\n") == 33_854


@pytest.mark.parametrize(
    ("code", "slug"),
    [
        ("0DB64Z3", "sleeve-gastrectomy"),  # Excision of stomach, vertical
        ("0DB64ZZ", "ccsr-gis010"),  # Excision of stomach: not a sleeve
        ("0D164ZA", "gastric-bypass"),
        ("0DV64CZ", "gastric-band"),
        ("0SR9019", "hip-replacement"),
        ("0SRB04A", "hip-replacement"),
        ("0SRC0J9", "knee-replacement"),
        ("0SRD0L9", "partial-knee-replacement"),
        ("0RRJ00Z", "shoulder-replacement"),
        ("02RF38Z", "tavr"),
        ("02RF08Z", "heart-valve-surgery"),
        ("021009W", "coronary-bypass"),
        ("0TY00Z0", "kidney-transplant"),
        ("0FT44ZZ", "gallbladder-removal"),
        ("0DTJ4ZZ", "appendectomy"),
        ("0UT90ZZ", "hysterectomy"),
        ("10D00Z1", "caesarean"),
        ("10E0XZZ", "vaginal-birth"),
        ("0HTV0ZZ", "mastectomy"),
        ("0HRV077", "breast-reconstruction-flap"),
        ("0H0V0JZ", "breast-augmentation"),
        ("0W0F0ZZ", "abdominoplasty"),
        ("0J083ZZ", "liposuction"),
        ("090K0ZZ", "rhinoplasty"),
        ("08RJ3JZ", "cataract-surgery"),
        ("01N50ZZ", "carpal-tunnel-release"),
        ("0Y6H0Z1", "below-knee-amputation"),
        ("0JH606Z", "pacemaker"),
        ("0JH608Z", "implanted-defibrillator"),
        ("5A1D70Z", "dialysis"),
        ("HZ81ZZZ", "opioid-treatment"),
    ],
)
def test_well_known_codes_land_where_people_would_look(catalog: Catalog, code: str, slug: str) -> None:
    assert catalog.procedures[catalog.place(code)].slug == slug
    assert catalog.place(code.lower()) == catalog.place(code)


@pytest.mark.parametrize(
    "slug", ["chemotherapy-course", "radiotherapy-course", "cardiac-rehabilitation", "alcohol-treatment", "long-covid"]
)
def test_recoveries_without_an_operation_stand_in_it(catalog: Catalog, slug: str) -> None:
    assert not catalog.procedures[catalog.place(slug)].operation


def test_bariatric_operations_are_one_family(catalog: Catalog) -> None:
    sleeve, bypass = catalog.place("sleeve-gastrectomy"), catalog.place("gastric-bypass")
    assert sleeve != bypass
    assert catalog.family_of[sleeve] == catalog.family_of[bypass]


def test_topics_hold_what_may_have_to_be_avoided(catalog: Catalog) -> None:
    for topic in ("weight-regain", "loss-of-pregnancy", "alcohol", "self-harm", "eating-disorder", "suicide"):
        assert catalog.topics.code(topic) is not None, topic


def test_importing_reads_nothing() -> None:
    code = "import matcher.catalog as c; assert c.default_catalog.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)
