"""A no stays invisible where the order of answers follows what others were shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.matches import test_invisible_no
from tests.service.matches.test_invisible_no import LIVES, World, lived, worlds


@pytest.mark.parametrize("life", [LIVES[2], LIVES[8]], ids=["accepted later", "taken back"])
def test_a_no_moves_nobody_in_any_answer(
    stored_in: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    life: tuple[str, str, str | None, bool],
) -> None:
    look_around = World.look_around

    def turn_and_look(world: World, match_id: str) -> None:
        world.community.exposure.turn(world.community.index.catch_up().index)
        look_around(world, match_id)

    monkeypatch.setattr("secrets.token_bytes", bytes)  # or each world would sign cursors differently
    monkeypatch.setattr(test_invisible_no.World, "look_around", turn_and_look)
    with worlds(stored_in, tmp_path, request, monkeypatch, repeat_after_days=365, exposure_weight=0.2) as make:
        with_no = lived(make(), True, *life)
        without = lived(make(), False, *life)
    assert with_no.community.exposure.now.shown
    for told, expected in zip(with_no.told, without.told, strict=True):
        assert told == expected, (told[0], told[3], expected[3])
