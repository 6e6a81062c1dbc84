"""A catalogue that contradicts itself is refused, with its file and row named."""

from __future__ import annotations

import gzip

import pytest

from matcher.catalog import read_catalog
from matcher.errors import CatalogError
from tests.catalog.small import PREFIXES, SMALL, small_files


def refusal(files: dict[str, bytes]) -> str:
    with pytest.raises(CatalogError) as caught:
        read_catalog(files)
    return str(caught.value)


def test_the_small_catalogue_is_sound() -> None:
    catalog = read_catalog(small_files())
    assert [procedure.slug for procedure in catalog.procedures] == [
        "knee", "hip", "elbow", "sleeve", "ccsr-mst008", "ccsr-gis010",
    ]  # fmt: skip
    assert catalog.recovery_days.tolist() == [365, 180, 90, 300, 180, 60]
    assert [procedure.operation for procedure in catalog.procedures] == [True] * 5 + [False]
    assert "median" in catalog.procedures[4].source
    assert "MST008" in catalog.procedures[4].source


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("domains.csv", "belly,Belly", "bones,Belly", "domains.csv, row 3: slug 'bones' stands already in row 2"),
        ("domains.csv", "belly,Belly", "Belly,Belly", "domains.csv, row 3: slug 'Belly' is not a slug"),
        ("domains.csv", "belly,Belly", "belly,", "domains.csv, row 3: name is empty"),
        ("families.csv", "Stomach,belly", "Stomach,head", "families.csv, row 3: domain 'head' is not known"),
        ("procedures.csv", "hip,", "knee,", "procedures.csv, row 3: slug 'knee' stands already in row 2"),
        ("procedures.csv", "hip,", "ccsr-hip,", "procedures.csv, row 3: slug 'ccsr-hip' begins with"),
        ("procedures.csv", "joints,180", "limbs,180", "procedures.csv, row 3: family 'limbs' does not stand in"),
        ("procedures.csv", "joints,180", "joints,0", "procedures.csv, row 3: recovery_days '0' is not a number of"),
        ("procedures.csv", "joints,180", "joints,-5", "procedures.csv, row 3: recovery_days '-5' is not"),
        ("procedures.csv", "joints,180", "joints,six", "procedures.csv, row 3: recovery_days 'six' is not"),
        ("procedures.csv", "joints,180", "joints,99999", "procedures.csv, row 3: recovery_days '99999' is not"),
        ("procedures.csv", "yes,ASMBS", "yes,", "procedures.csv, row 5: source is empty"),
        ("procedures.csv", "yes,ASMBS", "perhaps,ASMBS", "procedures.csv, row 5: operation 'perhaps' is neither"),
        ("procedures.csv", "yes,ASMBS", "yes,ASMBS,more", "procedures.csv, row 5: 7 values (accepted: 6)"),
        ("procedures.csv", "recovery_days", "days", "procedures.csv, row 1: columns"),
        ("procedures.csv", "ASMBS", '"ASMBS" x', "procedures.csv, row 5: "),
        ("ccsr_categories.csv", "MST008,Other", "MST006,Other", "ccsr_categories.csv, row 3: ccsr 'MST006' stands tw"),
        ("ccsr_categories.csv", "Gastrectomy", "", "ccsr_categories.csv, row 4: description is empty"),
        ("ccsr_places.csv", "GIS010,,stomach,60,no\n", "", "ccsr_categories.csv, row 4: ccsr 'GIS010' has no place"),
        ("ccsr_places.csv", "MST008,,joints", "MST006,,joints", "ccsr_places.csv, row 3: ccsr 'MST006' is placed tw"),
        ("ccsr_places.csv", "MST008,,joints", "MST999,,joints", "ccsr_places.csv, row 3: ccsr 'MST999' does not stand"),
        ("ccsr_places.csv", "MST006,knee,", "MST006,ankle,", "ccsr_places.csv, row 2: procedure 'ankle' is not known"),
        ("ccsr_places.csv", "MST006,knee,,", "MST006,knee,joints,", "ccsr_places.csv, row 2: a category that is a"),
        ("ccsr_places.csv", "MST008,,joints", "MST008,,", "ccsr_places.csv, row 3: family '' holds no community"),
        ("ccsr_places.csv", "stomach,60,no", "brain,60,no", "ccsr_places.csv, row 4: family 'brain' does not stand in"),
        ("ccsr_places.csv", "stomach,60,no", "stomach,60,", "ccsr_places.csv, row 4: operation '' is neither"),
        (PREFIXES, "0R,MST008", "0R,MST999", f"{PREFIXES}, row 3: ccsr 'MST999' does not stand"),
        (PREFIXES, "0R,MST008", "0O,MST008", f"{PREFIXES}, row 3: '0O' is not the beginning"),
        (PREFIXES, "0R,MST008", "0SRC,MST008", f"{PREFIXES}, row 3: prefix '0SRC' stands twice"),
        ("icd10pcs_procedures.csv", "0RRL,elbow", "0RRL,ankle", "icd10pcs_procedures.csv, row 3: procedure 'ankle' is"),
        ("icd10pcs_procedures.csv", "0RRL,", "0RRI,", "icd10pcs_procedures.csv, row 3: '0RRI' is not the beginning"),
        ("icd10pcs_procedures.csv", "0RRL,", "0DB60Z3,", "icd10pcs_procedures.csv, row 3: prefix '0DB60Z3' stands alr"),
        ("icd10pcs_procedures.csv", "0RRL,", "0SRC,", "icd10pcs_procedures.csv, row 3: codes that begin with '0SRC' a"),
        ("icd10pcs_procedures.csv", "0RRL,", "0,", "of CCSR ['GIS010', 'MST006', 'MST008'], not of 'MST008' alone"),
        ("icd10pcs_procedures.csv", "0RRL,", "0X,", "icd10pcs_procedures.csv, row 3: codes that begin with '0X' are"),
        ("topics.csv", ",feelings", ",moods", "topics.csv, row 2: group 'moods' is not known"),
        ("interests.csv", "hiking,Hiking,sport\n", "", "interests.csv, row 1: no data rows"),
        ("interests.csv", SMALL["interests.csv"], "", "interests.csv, row 0: no data rows"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named(file: str, old: str, new: str, said: str) -> None:
    assert SMALL[file].count(old) == 1
    assert said in refusal(small_files(**{file.partition(".")[0]: SMALL[file].replace(old, new)}))


@pytest.mark.parametrize("file", SMALL)
def test_a_missing_file_is_named(file: str) -> None:
    files = small_files()
    del files[file]
    assert refusal(files).startswith(f"{file}: the file is missing")


@pytest.mark.parametrize(
    "data", [b"no gzip", gzip.compress(b"icd10pcs_prefix,ccsr\n" * 99, mtime=0)[:-9], gzip.compress(b"\xff", mtime=0)]
)
def test_an_unreadable_file_is_named(data: bytes) -> None:
    assert refusal(small_files() | {PREFIXES: data}).startswith(f"{PREFIXES}: not readable")


def test_the_fingerprint_follows_every_byte_and_name() -> None:
    files = small_files()
    one = read_catalog(files).fingerprint
    assert len(one) == 64
    assert read_catalog(dict(reversed(files.items()))).fingerprint == one
    assert read_catalog(small_files(interests=SMALL["interests.csv"].replace("Hiking", "Hikes"))).fingerprint != one
    assert read_catalog(files | {"notes.csv": b""}).fingerprint != one
