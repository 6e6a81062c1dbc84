"""Two-level vocabularies and the spelling of slugs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.catalog import as_slug, default_catalog


def test_a_code_is_the_position() -> None:
    for vocabulary in (default_catalog().topics, default_catalog().interests):
        assert [vocabulary.code(tag) for tag in vocabulary.tags] == list(range(len(vocabulary)))
        assert len(vocabulary.names) == len(vocabulary.group_of) == len(vocabulary)
        assert len(set(vocabulary.names)) == len(vocabulary)
        assert len(vocabulary.group_names) == len(vocabulary.groups)


def test_spelling_is_evened_out_and_free_tags_have_no_code() -> None:
    interests = default_catalog().interests
    assert interests.code("Board games") == interests.code("board-games") is not None
    assert interests.code("extreme ironing") is None
    assert interests.code("") is None


def test_sizes_are_what_the_score_was_made_for() -> None:
    catalog = default_catalog()
    assert 50 <= len(catalog.topics) <= 80
    assert 200 <= len(catalog.interests) <= 400


@pytest.mark.parametrize(("text", "slug"), [("Sleeve Gastrectomy", "sleeve-gastrectomy"), (" a_ b\t", "a-b"), ("", "")])
def test_as_slug(text: str, slug: str) -> None:
    assert as_slug(text) == slug


@given(st.text(max_size=40))
def test_as_slug_settles_at_once_on_ascii(text: str) -> None:
    once = as_slug(text)
    assert as_slug(once) == once or not text.isascii()
