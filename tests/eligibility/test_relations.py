"""Loads and ties, the same from both sides."""

from __future__ import annotations

from matcher.eligibility.relations import Load, Relations


def test_a_tie_stands_from_both_sides_until_it_is_forgotten() -> None:
    relations = Relations()
    relations.set_tie("a", "b", "matched")
    assert relations.tie("a", "b") == relations.tie("b", "a") == "matched"
    relations.set_tie("b", "a", "closed")
    assert relations.tie("a", "b") == "closed"
    assert relations.tie("a", "c") is None
    relations.set_tie("a", "b", None)
    relations.set_tie("a", "c", None)
    assert relations.ties == {}


def test_a_load_of_nothing_takes_no_room() -> None:
    relations = Relations()
    assert relations.load("a") == Load(0, 0)
    relations.set_load("a", Load(2, 1))
    assert relations.load("a") == Load(buddies=2, mentees=1)
    relations.set_load("a", Load())
    assert relations.loads == {}
