"""Pydantic's findings in our words: which field, what is wrong, what is accepted.

The offending value is left out on purpose: a profile is health data, and problems end up in logs and answers.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from matcher.errors import Problem

_ACCEPTED = {
    "missing": "a value; the field is required",
    "string_type": "text",
    "string_unicode": "text",
    "finite_number": "a whole number",
    "int_parsing_size": "a whole number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a date as YYYY-MM-DD",
    "date_from_datetime_inexact": "a date as YYYY-MM-DD",
    "date_parsing": "a date as YYYY-MM-DD",
    "date_type": "a date as YYYY-MM-DD",
    "tuple_type": "a list",
    "model_type": "an object with the field's own keys",
    "model_attributes_type": "an object with the field's own keys",
}


_LONGEST_NAME = 64  # an unknown field may be named anything, at any length


def _path(location: tuple[int | str, ...], whole: str) -> str:
    parts: list[str] = []
    for step in location:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            name = step if len(step) <= _LONGEST_NAME else f"{step[:_LONGEST_NAME]}..."
            parts.append(f".{name}" if parts else name)
    return "".join(parts) or whole


def _accepted(kind: str, context: dict[str, Any]) -> str:
    if kind in _ACCEPTED:
        return _ACCEPTED[kind]
    if "expected" in context:
        return str(context["expected"])
    if "pattern" in context:
        return f"text that matches {context['pattern']}"
    bounds = [
        f"{words} {context[key]}"
        for key, words in (("ge", "at least"), ("le", "at most"), ("gt", "more than"), ("lt", "less than"))
        if key in context
    ]
    bounds += [
        f"{words} {context[key]} long"
        for key, words in (("min_length", "at least"), ("max_length", "at most"))
        if key in context
    ]
    return " and ".join(bounds) or "see the field's description"


def problems_of(
    error: ValidationError, whole: str = "(row)", unknown: str = "the fields of the member profile only"
) -> tuple[Problem, ...]:
    """Every problem of a failed validation, in field order, without the offending values.

    ``whole`` names a problem of the whole, ``unknown`` says what is accepted in place of a key that nobody knows.
    """
    found: list[Problem] = []
    for detail in error.errors(include_url=False, include_input=False):
        kind = detail["type"]
        if kind == "default_factory_not_called":  # follows from another problem that is listed itself
            continue
        where = _path(detail["loc"], whole)
        message = detail["msg"]
        if kind == "value_error":
            what, _, accepted = message.removeprefix("Value error, ").partition("; ")
            found.append(Problem(where, what, accepted or "as said"))
        else:
            accepted = unknown if kind == "extra_forbidden" else _accepted(kind, detail.get("ctx", {}))
            found.append(Problem(where, message[:1].lower() + message[1:], accepted))
    return tuple(found)
