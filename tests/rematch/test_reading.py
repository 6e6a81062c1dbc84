"""Configs and histories from files: what is wrong is said at once, with line and key."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.errors import InvalidProblem, ReadingError
from matcher.rematch.config import RematchConfig
from matcher.rematch.config_reading import read_config
from matcher.rematch.history import FitCheck, History, Tie, works
from matcher.rematch.history_reading import read_history

ROWS: list[dict[str, Any]] = [
    {"kind": "buddy", "member_id": "b", "peer_id": "a", "since": "2026-01-05", "fit": 5, "peer_fit": 4},
    {"kind": "mentor", "member_id": "a", "peer_id": "c", "state": "ended", "until": "2026-02-01", "why": "moved",
     "keep": False},
    {"kind": "buddy", "member_id": "c", "peer_id": "b", "protected": True},
    {"kind": "group", "member_id": "a", "group": "Tuesday circle"},
    {"kind": "group", "member_id": "d", "group": "Tuesday circle"},
    {"kind": "never", "member_id": "a", "peer_id": "d"},
]  # fmt: skip


def csv_of(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join("" if row.get(name) is None else str(row[name]) for name in names) for row in rows]
    return "\n".join((",".join(names), *lines)) + "\n"


def test_every_form_says_the_same(tmp_path: Path) -> None:
    text = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "h.csv").write_text(csv_of(ROWS))
    (tmp_path / "h.ndjson").write_text(text)
    (tmp_path / "h.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    names = list(dict.fromkeys(name for row in ROWS for name in row))
    table = pa.table({name: pa.array([row.get(name) for row in ROWS]) for name in names})
    pq.write_table(table, tmp_path / "h.parquet")
    read = [read_history(tmp_path / name) for name in ("h.csv", "h.ndjson", "h.jsonl.gz", "h.parquet")]
    assert read == [read[0]] * 4
    found = read[0]
    assert found.ties[0] == Tie("buddy", "b", "a", since=date(2026, 1, 5), fits=(FitCheck("b", 5), FitCheck("a", 4)))
    assert (found.ties[1].state, found.ties[1].why, found.ties[1].fits) == (
        "ended",
        "moved",
        (FitCheck("a", None, False),),
    )
    assert found.ties[2].protected
    assert [(group.name, group.members) for group in found.groups] == [("Tuesday circle", ("a", "d"))]
    assert found.never == (("a", "d"),)
    assert len({one.fingerprint() for one in read}) == 1


def test_the_order_of_ties_does_not_change_the_fingerprint() -> None:
    ties = (Tie("buddy", "a", "b"), Tie("buddy", "c", "d"))
    assert History(ties).fingerprint() == History(ties[::-1]).fingerprint() != History(ties[:1]).fingerprint()


WRONG: dict[str, tuple[list[dict[str, Any]], str]] = {
    "overlap": ([*ROWS[:1], {"kind": "mentor", "member_id": "a", "peer_id": "b"}], "line 3: .*overlaps with line 2"),
    "two groups": ([*ROWS[3:4], {"kind": "group", "member_id": "a", "group": "Other"}], "line 3: .*overlaps"),
    "oneself": ([{"kind": "buddy", "member_id": "a", "peer_id": "a"}], "line 2: peer_id: is the member's own"),
    "no peer": ([{"kind": "buddy", "member_id": "a", "peer_id": None}], "line 2: peer_id: is missing"),
    "no group": ([{"kind": "group", "member_id": "a"}], "line 2: group: is missing"),
    "state": ([{"kind": "buddy", "member_id": "a", "peer_id": "b", "state": "open"}], "line 2: state: .*'declined'"),
    "kind": ([{"kind": "friend", "member_id": "a", "peer_id": "b"}], "line 2: kind: "),
    "fit": ([{"kind": "buddy", "member_id": "a", "peer_id": "b", "fit": 6}], "line 2: fit: "),
    "day": ([{"kind": "buddy", "member_id": "a", "peer_id": "b", "since": "5 May"}], "line 2: since: is no date"),
    "id": ([{"kind": "buddy", "member_id": "a b", "peer_id": "b"}], "line 2: member_id: "),
    "column": ([{"kind": "buddy", "member_id": "a", "friend": "b"}], "unknown columns: 'friend'"),
    "no column": ([{"kind": "buddy", "peer_id": "b"}], "there is no column member_id"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_are_named(name: str, tmp_path: Path) -> None:
    rows, message = WRONG[name]
    path = tmp_path / "history.csv"
    path.write_text(csv_of(rows))
    with pytest.raises(ReadingError, match=message):
        read_history(path)


def test_the_first_ten_rows_are_named_and_all_counted(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(csv_of([{"kind": "buddy", "member_id": "a", "peer_id": "a"}] * 12))
    with pytest.raises(ReadingError, match=r"12 invalid rows: line 2: .*line 11: ") as caught:
        read_history(path)
    assert "line 12" not in str(caught.value)


@pytest.mark.parametrize("name", ["no.csv", "history.txt", "broken.parquet"])
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ReadingError):
        read_history(tmp_path / name)


def test_a_history_in_memory_is_held_to_the_same() -> None:
    with pytest.raises(InvalidProblem, match=r"ties\[1\]: 'a' with 'b' stands already in ties\[0\]"):
        History((Tie("buddy", "a", "b"), Tie("mentor", "b", "a")))
    with pytest.raises(InvalidProblem, match="to oneself"):
        History((Tie("buddy", "a", "a"),))
    with pytest.raises(InvalidProblem, match="fit check of somebody else"):
        History((Tie("buddy", "a", "b", fits=(FitCheck("c", 3),)),))
    over = Tie("buddy", "a", "b", "ended")
    assert History((over, over, Tie("buddy", "b", "a"))).current(["buddy"]) == (Tie("buddy", "b", "a"),)


def test_a_tie_works_if_nobody_says_otherwise() -> None:
    def tie(*fits: FitCheck) -> Tie:
        return Tie("buddy", "a", "b", fits=fits)

    assert not works(tie())
    assert works(tie(FitCheck("a", 4)))
    assert works(tie(FitCheck("a", 4), FitCheck("b", None, True)))
    assert not works(tie(FitCheck("a", 5), FitCheck("b", 3)))
    assert not works(tie(FitCheck("a", 5), FitCheck("b", None, False)))


CONFIG = """
ties = ["buddy", "group"]
seed = 4
[buddies]
objective = "stable"
weights = { procedure = 1, stage = 1 }
weights_note = "fitted on 812 outcomes"
[groups.spec]
purpose = "activity_group"
[churn]
share = 0.2
groups = 5
sweep = [0, 10, 0.5]
"""


def test_configs_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CONFIG)
    config = read_config(tmp_path / "c.toml")
    assert config.kinds == ("buddy",)
    assert config.groups is not None
    assert config.groups.spec.purpose == "activity_group"
    assert (config.churn.share, config.churn.sweep) == (0.2, (0, 10, 0.5))
    assert config.of_kind("buddy").facet_weights("buddy").procedure == 0.5
    (tmp_path / "c.json").write_text(config.model_dump_json())
    again = read_config(tmp_path / "c.json")
    assert again == config
    assert again.fingerprint() == config.fingerprint()
    assert RematchConfig().fingerprint() != config.fingerprint()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tie": ["buddy"]}, r"tie: .*the keys of a rematch config only"),
        ({"buddies": {"neighbors": 3}}, r"buddies\.neighbors: "),
        ({"churn": {"limit": 1, "share": 0.1}}, "give one of the two"),
        ({"churn": {"limit": -1}}, r"churn\.limit: .*at least 0"),
        ({"churn": {"sweep": [1.5]}}, r"churn\.sweep\[0\]"),
        ({"groups": {}}, "add \"group\" to ties"),
        ({"ties": ["group"]}, "add a table groups"),
        ({"ties": []}, "ties: "),
        ({"ties": ["buddy", "buddy"]}, "list each once"),
        ({"buddies": {"weights": {"looks": 1}}}, r"weights\.looks: no such facet"),
        ({"no_repeat_days": -1}, "no_repeat_days: "),
        ({"audit": ["income"]}, r"audit\[0\]: .*'role'"),
    ],
)  # fmt: skip
def test_a_wrong_config_names_the_key_and_what_is_accepted(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidProblem, match=message) as caught:
        RematchConfig.parse(fields)
    assert all(problem.accepted for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "text"), [("c.yaml", "{}"), ("c.toml", "ties = ["), ("c.json", "[]"), ("gone.toml", None)]
)
def test_files_that_are_no_config(name: str, text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ReadingError):
        read_config(tmp_path / name)
