"""``peer-matcher fit-weights``: a config that rematch takes, or a reason and no file."""

from __future__ import annotations

import csv
import datetime
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from matcher import FacetWeights, MemberProfile, sample_members
from matcher.rematch.baselines import BASELINES, baseline_pairs
from matcher.rematch.config import RematchConfig
from matcher.rematch.everyone import FACETS, Everyone
from service import cli
from tests.service.conftest import ndjson

DAY, MET = datetime.date(2026, 1, 1), datetime.date(2025, 11, 20)
COLUMNS = ("kind", "member_id", "peer_id", "state", "since", "until", "why", "fit", "peer_fit", "keep", "peer_keep",
           "protected")  # fmt: skip


@dataclass
class Said:
    code: int
    out: str
    err: str


Fit = Callable[..., Said]


@pytest.fixture(scope="module")
def community() -> list[MemberProfile]:
    return sample_members(1500, seed=0, as_of=DAY)


@pytest.fixture
def fit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, community: list[MemberProfile]
) -> Fit:
    """Run the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PEER_MATCHER_AS_OF", DAY.isoformat())
    (tmp_path / "members.ndjson").write_bytes(ndjson(community))

    def with_options(*options: object) -> Said:
        arguments = ["fit-weights", "--members", "members.ndjson", "--history", "history.csv", *map(str, options)]
        monkeypatch.setattr("sys.argv", ["peer-matcher", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.app()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return with_options


def write_history(path: Path, community: list[MemberProfile], weights: FacetWeights, most: int | None = None) -> None:
    """Ties that went well by chance, the more the higher their score, and then lasted; the others were declined."""
    everyone = Everyone.of(community, MET)
    room = np.full((len(everyone), 2), 3)
    pairs = np.unique(np.concatenate([baseline_pairs(everyone, "buddy", name, room, 0) for name in BASELINES]), axis=0)
    scores = everyone.scores(pairs[:, 0], pairs[:, 1], "buddy", weights)
    well = np.random.default_rng(0).random(len(pairs)) < 1 / (1 + np.exp(-10 * (scores - scores.mean())))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for (one, other), good in list(zip(pairs.tolist(), well.tolist(), strict=True))[:most]:
            told = {"kind": "buddy", "member_id": everyone.member_ids[one], "peer_id": everyone.member_ids[other]}
            went = {"state": "current"} if good else {"state": "declined", "until": "2025-12-01"}
            writer.writerow({**told, "since": MET.isoformat(), **went})


TRUE = FacetWeights(procedure=0.05, stage=0.1, topics=0.35, support=0.35, contact=0.05, interests=0.05, age=0.05)


def test_the_file_is_a_config_that_says_where_its_weights_come_from(
    fit: Fit, tmp_path: Path, community: list[MemberProfile]
) -> None:
    write_history(tmp_path / "history.csv", community, TRUE)
    said = fit("--out", "weights.toml")
    assert said.code == 0, said.err
    written = (tmp_path / "weights.toml").read_bytes()
    config = RematchConfig.parse(tomllib.loads(written.decode()))
    found = config.buddies.facet_weights("buddy")
    assert max(abs(getattr(found, name) - getattr(TRUE, name)) for name in FACETS) < 0.1
    assert config.buddies.weights_note is not None
    assert config.buddies.weights_note.startswith("Fitted as of 2026-01-01 to ")
    assert "log loss" in said.out
    assert "AUC" in said.out
    assert fit("--out", "again.toml").code == 0
    assert (tmp_path / "again.toml").read_bytes() == written


def test_a_refusal_gives_the_reason_and_leaves_what_was_there(
    fit: Fit, tmp_path: Path, community: list[MemberProfile]
) -> None:
    (tmp_path / "weights.toml").write_text("before")
    write_history(tmp_path / "history.csv", community, TRUE, most=150)
    said = fit("--out", "weights.toml")
    assert said.code == 2
    assert "there are 150 outcomes" in said.err
    assert "at least 200, 50 of either kind" in said.err
    write_history(tmp_path / "history.csv", community, FacetWeights.buddy())
    said = fit("--out", "weights.toml")
    assert said.code == 2
    assert "no better than the preset" in said.err
    assert "Traceback" not in said.err
    assert (tmp_path / "weights.toml").read_text() == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"members.ndjson", "history.csv", "weights.toml"}


@pytest.mark.parametrize(("to", "why"), [("weights.json", "named .toml"), ("gone/weights.toml", "no folder gone")])
def test_a_place_that_cannot_be_written_is_told_at_once(fit: Fit, tmp_path: Path, to: str, why: str) -> None:
    said = fit("--out", to)
    assert said.code == 2
    assert why in said.err
    assert "history.csv" not in said.err


def test_help_teaches(fit: Fit) -> None:
    said = fit("--help")
    assert said.code == 0
    for words in ("Went well", "Went badly", "nothing is written", "Example: peer-matcher fit-weights", "--kept-days"):
        assert words in " ".join(said.out.split())
