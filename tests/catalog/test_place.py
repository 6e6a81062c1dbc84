"""Finding a procedure's place by slug or code."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.catalog import Procedure, default_catalog, read_catalog
from matcher.errors import UnknownProcedure
from tests.catalog.small import small_files

ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def slug_at(procedure: str) -> str:
    catalog = read_catalog(small_files())
    return catalog.procedures[catalog.place(procedure)].slug


@pytest.mark.parametrize(
    "text", ["knee", "KNEE", " knee ", "ccsr-mst006", "CCSR_MST006", "ccsr mst006", "0SRC0J9", "0src0j9"]
)
def test_ways_to_name_one_procedure(text: str) -> None:
    assert slug_at(text) == "knee"


@pytest.mark.parametrize(
    ("code", "slug"),
    [("0DB60Z3", "sleeve"), ("0DB60ZZ", "ccsr-gis010"), ("0RRL0JZ", "elbow"), ("0RRM0JZ", "ccsr-mst008")],
)
def test_longest_prefix_decides_and_refinement_beats_category(code: str, slug: str) -> None:
    assert slug_at(code) == slug


@pytest.mark.parametrize(
    "text",
    ["", " ", "kne", "0SRC", "0SRC0J", "0SRC0J99", "0SRC0JI", "0SRC0JO", "0SRC 0J9", "0ſRC0J9", "ZZZZZZZ", "0DB60Z4"],
)
def test_anything_else_is_unknown(text: str) -> None:
    with pytest.raises(UnknownProcedure) as caught:
        slug_at(text)
    assert caught.value.procedure == text


def test_suggestions_look_alike_and_are_at_most_three() -> None:
    catalog = default_catalog()
    for text, wanted in {
        "slevee-gastrectomy": "sleeve-gastrectomy",
        "gastric sleeve": "sleeve-gastrectomy",
        "rhinoplastie": "rhinoplasty",
        "Hip replacment": "hip-replacement",
    }.items():
        with pytest.raises(UnknownProcedure) as caught:
            catalog.place(text)
        assert caught.value.suggestions[0] == wanted
        assert len(caught.value.suggestions) <= 3
        assert wanted in str(caught.value)


@pytest.mark.parametrize("text", ["ZZZZZZZ", "x" * 100_000])
def test_no_suggestions_where_likeness_means_nothing(text: str) -> None:
    with pytest.raises(UnknownProcedure) as caught:
        default_catalog().place(text)
    assert caught.value.suggestions == ()


def test_a_pickled_catalogue_places_alike() -> None:
    catalog = pickle.loads(pickle.dumps(default_catalog()))
    assert catalog.place("0DB64Z3") == default_catalog().place("0DB64Z3")
    assert catalog.fingerprint == default_catalog().fingerprint


@given(st.text(max_size=80))
@example("0DB64Z3\n")
@example("ß" * 7)
def test_any_text_gets_a_place_or_an_unknown_procedure(text: str) -> None:
    catalog = default_catalog()
    try:
        place = catalog.place(text)
    except UnknownProcedure as error:
        place = catalog.place(error.suggestions[0]) if error.suggestions else 0
    assert 0 <= place < len(catalog.procedures)


@given(st.sampled_from(default_catalog().procedures), st.sampled_from(["-", "_", " ", " _ "]), st.booleans())
def test_a_slug_is_found_in_every_spelling(procedure: Procedure, gap: str, upper: bool) -> None:
    catalog = default_catalog()
    slug = procedure.slug
    spelled = slug.replace("-", gap)
    assert catalog.procedures[catalog.place(spelled.upper() if upper else spelled)].slug == slug


@given(st.text(ALPHABET, min_size=7, max_size=7))
def test_codes_agree_with_a_plain_search_through_all_prefixes(code: str) -> None:
    catalog = default_catalog()
    matching = [prefix for prefix in catalog.code_places if code.startswith(prefix)]
    try:
        place = catalog.place(code)
    except UnknownProcedure:
        assert not matching
    else:
        assert place == catalog.code_places[max(matching, key=len)]
