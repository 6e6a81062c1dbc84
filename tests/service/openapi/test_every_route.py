"""Requests made from the service's own description, for every route and every role, against the running service."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from service.caller import ROLES, Role
from tests.service.openapi.conftest import Asked

A_ROUTE, A_ROUTE_IN_LONG = 2, 55
"""Requests for every route, role, and mode: as described, and with something wrong."""
NOTHING_TO_GET_WRONG = {"GET /livez", "GET /readyz"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("examples", [A_ROUTE, pytest.param(A_ROUTE_IN_LONG, marks=pytest.mark.long)])
def test_answers_are_as_described(asked: Asked, role: Role, mode: GenerationMode, examples: int) -> None:
    failures = []
    before = asked.statuses.total()
    for operation in asked.operations:
        if mode is GenerationMode.NEGATIVE and operation.label in NOTHING_TO_GET_WRONG:
            continue
        try:
            _ask_often(asked, operation, role, mode, examples)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - one route after the other, and all that is wrong at once
            failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
    assert asked.statuses.total() - before >= (len(asked.operations) - len(NOTHING_TO_GET_WRONG)) * examples


def _ask_often(asked: Asked, operation: Any, role: Role, mode: GenerationMode, examples: int) -> None:
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), seed=st.integers(0, 1 << 30))
    def ask(case: Case[Any], seed: int) -> None:
        asked.ask(case, role, random.Random(seed))

    ask()
