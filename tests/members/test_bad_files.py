"""Each bad file gives one clear error or one row's problems, and costs no other row."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matcher.errors import ReadingError
from matcher.members.lines import LINE_LIMIT
from matcher.members.reading import RowResult, read_members, read_valid
from matcher.members.sample import sample_members
from matcher.members.writing import write_members

AS_OF = date(2026, 1, 1)


def read(path: Path, content: bytes | str) -> list[RowResult]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_members(path, AS_OF))


def ids(results: list[RowResult]) -> list[str | None]:
    return [result.member.member_id if result.member else None for result in results]


def problems(result: RowResult) -> str:
    assert (result.member is None) == bool(result.problems)
    return "; ".join(map(str, result.problems))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.ndjson", b""),
        ("a.ndjson", b"\n\n  \n"),
        ("a.csv", b"member_id,alias\n"),
        ("a.csv.gz", gzip.compress(b"", mtime=0)),
        ("a.ndjson.gz", gzip.compress(b"", mtime=0)),
        ("a.ndjson.gz", b""),
        ("a.ndjson.gz", b"no gzip at all"),
        ("a.parquet", b""),
        ("a.parquet", b"PAR1 nonsense PAR1"),
        ("a.csv", bytes(range(256)) * 20),
        ("a.ndjson", bytes(range(256)) * 20),
        ("a.ndjson", b"\x1f\x8b\x08 packed"),
        ("a.csv", b"PAR1 parquet"),
        ("a.csv", "member_id,alias\na,b\n".encode("utf-16")),
        ("a.csv", b"\xff\xfe,member_id\n"),
        ("a.txt", b"{}"),
        ("a", b"{}"),
        ("a.csv", b"alias,birth_year\nx,1980\n"),
        ("a.csv", b"member_id,alias,member_id\nx,y,z\n"),
        ("a.csv", b"member_id,shoe_size,hat\nx,42,7\n"),
        ("a.csv", b"member_id;alias\nx;y\n"),
        ("a.csv", b"m" * (LINE_LIMIT + 5)),
    ],
)
def test_files_without_members_are_refused_as_a_whole(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ReadingError) as caught:
        read(tmp_path / name, content)
    assert caught.value.source.startswith(str(tmp_path / name))
    assert caught.value.accepted


def test_missing_files_and_bare_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "none.parquet", tmp_path):
        with pytest.raises(ReadingError):
            list(read_members(path, AS_OF))


def test_unknown_columns_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="'shoe_size', 'hat'"):
        read(tmp_path / "a.csv", "member_id,shoe_size,hat\nx,42,7\n")


def test_all_problems_of_a_row_at_once_and_no_values(tmp_path: Path) -> None:
    row = (
        '{"member_id": "x y", "birth_year": 2020, "gender": "  ", "languages": ["klingonish"], "time_zone":'
        ' "Mars/Base", "procedures": [{"procedure": "wingectomy", "date": "soon"}], "topics": ["dragons"],'
        ' "consent": "yes", "age": 6}'
    )
    (result,) = read(tmp_path / "a.ndjson", row)
    where = {problem.where for problem in result.problems}
    expected = {"member_id", "birth_year", "gender", "languages[0]", "time_zone", "procedures[0].procedure"}
    assert where == expected | {"procedures[0].date", "topics[0]", "consent", "age"}
    text = problems(result)
    for value in ("klingonish", "Mars", "wingectomy", "dragons", "soon", "x y", "2020"):
        assert value not in text
    assert result.member_id is None
    assert all(problem.accepted for problem in result.problems)


def test_cells_and_fields_are_told_together(tmp_path: Path) -> None:
    content = (
        "member_id,consent,availability,birth_year,procedures\n"
        "a,perhaps,mon 18:00-20:00;whenever,2020,rhinoplasty@2024-02-30\n"
        "b,YES,Mon 18:00-20:00,1980,rhinoplasty@2024-02-28;sleeve-gastrectomy\n"
        "c,,,,\n"
        "d,1,\n"
    )
    first, second, third, fourth = read(tmp_path / "a.csv", content)
    where = [problem.where for problem in first.problems]
    assert where == ["consent", "availability[1]", "procedures[0].date", "birth_year"]
    assert second.member is not None
    assert second.member.procedures[0].date == date(2024, 2, 28)
    assert second.member.availability[0].day == "mon"
    assert third.member is not None
    assert "3 cells where the first line has 5" in problems(fourth)
    assert [result.line for result in (first, second, third, fourth)] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"member_id": "x", "alias": "\xff"}', "not UTF-8"),
        (b'{"member_id": "x"', "is not JSON"),
        (b'{"member_id": "x", "buddy_capacity": NaN}', "NaN"),
        (b'{"member_id": "x", "buddy_capacity": -Infinity}', "Infinity"),
        (b'{"member_id": "x", "buddy_capacity": 1e999}', "buddy_capacity"),
        (b'{"member_id": "x", "buddy_capacity": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"member_id": "x", "member_id": "y"}', "twice"),
        (b'{"member_id": "x", "procedures": [{"procedure": "rhinoplasty", "procedure": "facelift"}]}', "twice"),
        (b'["member_id"]', "not an object"),
        (b"null", "not an object"),
        (b"{}", "member_id"),
        (b'{"member_id": 7}', "member_id"),
        (b'{"member_id": "\\ud800"}', "member_id"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"member_id": "' + b"x" * LINE_LIMIT + b'"}', "longer than 1,048,576 bytes"),
        (b'{"' + b"k" * 5000 + b'": 1, "member_id": "x"}', "kkk..."),
    ],
)
def test_one_bad_line_costs_one_row(tmp_path: Path, line: bytes, what: str) -> None:
    good = b'{"member_id": "%s"}'
    results = read(tmp_path / "a.ndjson", b"\n".join([good % b"one", b"", line, good % b"two"]))
    assert ids(results) == ["one", None, "two"]
    assert [result.line for result in results] == [1, 3, 4]
    assert what in problems(results[1])
    assert len(problems(results[1])) < 500


def test_nulls_are_unknown(tmp_path: Path) -> None:
    (result,) = read(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"member_id": "x", "topics": null, "consent": null}\r\n')
    assert result.member is not None
    assert result.member.topics == ()


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_a_long_line_takes_no_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    header, row = ("member_id,alias\n", '{n},"x"\n') if name == "a.csv" else ("", '{{"member_id": "{n}"}}\n')
    with path.open("w") as file:
        file.write(header + row.format(n="one"))
        for _ in range(64):
            file.write("y" * (1 << 20))
        file.write("\n" + row.format(n="two"))
    tracemalloc.start()
    results = list(read_members(path, AS_OF))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ids(results) == ["one", None, "two"]
    assert peak < 16 * LINE_LIMIT


def test_an_open_quotation_mark_costs_its_own_line(tmp_path: Path) -> None:
    lines = ["member_id,alias", 'a,"broken', *(f"m{i},x" for i in range(300)), 'b,"also', "c,x"]
    results = read(tmp_path / "a.csv", "\n".join(lines))
    bad = [result.line for result in results if result.problems]
    assert len(results) == 303
    assert set(bad) <= {2, 303}
    assert ids(results)[-1] == "c"


def test_quoted_line_feeds_belong_to_the_cell(tmp_path: Path) -> None:
    results = read(tmp_path / "a.csv", 'member_id,alias\r\na,"two\nlines, ""quoted"""\r\nb,x\r\n')
    assert [result.line for result in results] == [2, 4]
    assert results[0].member is not None
    assert results[0].member.alias == 'two\nlines, "quoted"'


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
def test_ids_stand_once(tmp_path: Path, suffix: str) -> None:
    members = sample_members(3)
    path = tmp_path / f"a{suffix}"
    write_members([*members, members[1]], path)
    results = list(read_members(path, AS_OF))
    assert ids(results) == ["m0000000", "m0000001", "m0000002", None]
    assert f"stands on line {results[1].line} already" in problems(results[3])
    assert results[3].member_id == "m0000001"


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_nobody_under_13(tmp_path: Path, name: str) -> None:
    content = (
        "member_id,birth_year\na,2014\nb,2013\nc,1890\n"
        if name == "a.csv"
        else '{"member_id":"a","birth_year":2014}\n{"member_id":"b","birth_year":2013}\n'
        '{"member_id":"c","birth_year":1890}'
    )
    results = read(tmp_path / name, content)
    assert ids(results) == [None, "b", None]
    assert "under 13" in problems(results[0])


@pytest.mark.parametrize("suffix", [".csv.gz", ".ndjson.gz"])
def test_truncated_gzip_gives_rows_and_then_the_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_members(sample_members(4000), path)
    path.write_bytes(path.read_bytes()[:-9000])
    taken: list[RowResult] = []
    with pytest.raises(ReadingError, match=r"line \d+: the file ends early") as caught:
        taken.extend(read_members(path, AS_OF))
    assert all(result.member for result in taken)
    assert 1000 < len(taken) < 4000
    assert int(caught.value.source.rpartition(" ")[2]) == taken[-1].line + 1


def test_damaged_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    write_members(sample_members(2000), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 50] = os.urandom(50)
    path.write_bytes(bytes(data))
    with pytest.raises(ReadingError):
        read_valid(path, AS_OF)


def test_read_valid_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("\n".join(['{"member_id": "a"}', *(f'{{"member_id": "!{i}"}}' for i in range(30))]))
    with pytest.raises(ReadingError, match="30 invalid rows: line 2: member_id"):
        read_valid(path, AS_OF)


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    write_members(sample_members(2500), path)
    told: list[int] = []
    read_valid(path, AS_OF, progress=told.append)
    assert told == [1024, 2048, 2500]


def parquet(path: Path, columns: dict[str, object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_takes_the_shapes_that_tables_come_in(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        {
            "member_id": pa.array(["a", "b", "c"]).dictionary_encode(),
            "birth_year": pa.array([1980.0, float("nan"), None]),
            "buddy_capacity": pa.array([None, 4, 5], pa.int64()),
            "consent": pa.array([True, None, False]),
            "mentor_approved": pa.array(["yes", "", "no"]),
            "topics": pa.array([["fatigue"], None, []], pa.large_list(pa.large_string())),
            "needs": pa.array(["emotional; informational", "", None]),
            "languages": pa.array([["en", "de"], ["pt"], None]),
            "procedures": pa.array([["rhinoplasty@2024-05-06", "facelift"], [], None]),
            "availability": pa.array([["mon 18:00-20:00"], None, []]),
            "alias": pa.nulls(3),
        },
    )
    a, b, c = read_valid(path, AS_OF)
    assert (a.birth_year, b.birth_year, c.birth_year) == (1980, None, None)
    assert (a.buddy_capacity, b.buddy_capacity) == (3, 4)
    assert (a.consent, b.consent, a.mentor_approved) == (True, False, True)
    assert (a.topics, b.topics, a.needs) == (("fatigue",), (), ("emotional", "informational"))
    assert a.procedures[0].date == date(2024, 5, 6)
    assert a.procedures[1].date is None
    assert a.availability[0].start == "18:00"
    assert c.languages == ()


def test_parquet_structs_with_text_dates_and_bad_rows(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a.parquet",
        {
            "member_id": ["a", "b", "c"],
            "procedures": pa.array(
                [
                    [{"procedure": "rhinoplasty", "date": "2024-05-06"}],
                    [{"procedure": "rhinoplasty", "date": "May"}],
                    [None],
                ]
            ),
            "consent": ["true", "true", "perhaps"],
            "availability": [["mon 18:00-20:00"], ["never"], None],
        },
    )
    first, second, third = read_members(path, AS_OF)
    assert first.member is not None
    assert [problem.where for problem in second.problems] == ["availability", "procedures[0].date"]
    assert [problem.where for problem in third.problems] == ["consent", "procedures[0].procedure"]


def test_parquet_types_that_fit_nothing_are_all_named(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", {"member_id": [1, 2], "birth_year": ["1980", "x"], "topics": [1, 2]})
    with pytest.raises(ReadingError, match="member_id is int64, accepted is text; topics is int64"):
        list(read_members(path, AS_OF))


def test_parquet_unknown_columns_and_no_rows(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match="shoe_size"):
        list(read_members(parquet(tmp_path / "a.parquet", {"member_id": ["a"], "shoe_size": [4]}), AS_OF))
    empty = parquet(tmp_path / "b.parquet", {"member_id": pa.array([], pa.string())})
    with pytest.raises(ReadingError, match="no rows"):
        list(read_members(empty, AS_OF))


def test_parquet_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_members(sample_members(100), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadingError, match="damaged"):
        list(read_members(path, AS_OF))
