"""The files of a group plan: tables, the plan itself, a spec to go on from, a page for people, and a manifest that says
how they came about."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from matcher import MemberProfile
from matcher.errors import InvalidRequest, Problem
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan_file import plan_bytes
from matcher.grouping.spec import GroupSpec
from service.group_run import Effort, GroupRun
from service.reports.group_report import report_page
from service.reports.group_tables import TABLES, tables_of, write_csv, write_parquet

MANIFEST, TIMINGS = "manifest.json", "timings.json"
FILES = (
    *(f"{table}.{ending}" for table in TABLES for ending in ("parquet", "csv")),
    "plan.json", "spec.next.toml", "report.html", TIMINGS, MANIFEST,
)  # fmt: skip
"""Everything that a run writes, the manifest last."""
_NEXT = """\
# The groups of this plan as a spec. Edit it and solve again: peer-matcher group --spec THIS_FILE ...
#   locked = true                   in a group keeps all of it as it is
#   locked_members = ["..."]        keeps these members in their group
#   churn = 5                       at the top: moves at most five members of these groups
# Members, facilitators, times and languages may be changed by hand; whatever breaks a rule is refused with its name.

"""


@dataclass(frozen=True, slots=True)
class Origin:
    """An input that is no file.

    Attributes:
        source: how the manifest calls it.
        sha256: of what it held.
    """

    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a run was made from.

    Attributes:
        members, spec: files; for members also the folder of a FHIR export.
        as_of: the day.
        effort: how long was searched.
        reading_s: seconds for reading.
    """

    members: Path | Origin
    spec: Path | Origin
    as_of: date
    effort: Effort
    reading_s: float


def spec_text(spec: GroupSpec) -> str:
    """A spec as TOML. What is left at its default is left out, but for what a coordinator changes in groups."""
    fields = spec.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    fields.pop("groups", None)
    return "\n[[groups]]\n".join([tomli_w.dumps(fields), *map(_group_text, spec.groups)])


def _group_text(group: ExistingGroup) -> str:
    name, rest = tomli_w.dumps({"name": group.name}), group.model_dump(mode="json", exclude_none=True)
    rest.pop("name")
    # In one line, because keys that somebody adds below a table of its own would belong to that table.
    slot = rest.pop("slot", None)
    times = f'slot = {{ day = "{slot["day"]}", start = "{slot["start"]}" }}\n' if slot else ""
    return f"{name}{times}{tomli_w.dumps(rest)}"


def check_place(folder: Path, inputs: Sequence[Path]) -> None:
    """Find out before any work whether the results can be written, and would overwrite nothing that was given.

    Raises:
        InvalidRequest: if the folder is a file, or an input is one of the files to write.
        OSError: if nothing can be written there.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidRequest(Problem("--out", f"{folder} is a file", "a folder, which need not exist yet"))
    taken = {(folder / name).resolve() for name in FILES}
    for given in inputs:
        if given.resolve() in taken:
            what = f"{given} would be overwritten by a file of the same name"
            raise InvalidRequest(Problem("--out", what, "another folder than that of the inputs"))
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    Path(tempfile.mkdtemp(dir=nearest, prefix=".trying-")).rmdir()


def write_run(folder: Path, run: GroupRun, inputs: Inputs, members: Mapping[str, MemberProfile]) -> dict[str, Any]:
    """Write everything, the manifest last: a folder with a manifest is whole.

    All files are made aside first. A new folder then appears in one step; in a folder that is there, the files of an
    earlier run stay until all new ones are ready. They are for their owner's eyes alone, whatever the folder's rights.

    Returns:
        The manifest.
    """
    with _aside(folder) as aside:
        files: dict[str, dict[str, Any]] = {}
        for name, rows in tables_of(run.plan).items():
            write_parquet(aside / f"{name}.parquet", name, rows)
            write_csv(aside / f"{name}.csv", name, rows)
            files |= {f"{name}.parquet": {"rows": len(rows)}, f"{name}.csv": {"rows": len(rows)}}
        texts = {
            "plan.json": plan_bytes(run.plan),
            "spec.next.toml": (_NEXT + spec_text(run.next_spec)).encode(),
            "report.html": report_page(run.plan, run.spec, members, _made_by()).encode(),
        }
        for name, text in texts.items():
            (aside / name).write_bytes(text)
            files[name] = {}
        for name, told in files.items():
            told["sha256"] = _digest(aside / name)
        manifest = _manifest(run, inputs, files)
        timings = {"reading_s": inputs.reading_s, "solving_s": run.solving_s, "checking_s": run.checking_s}
        _json(aside / TIMINGS, {name: round(seconds, 3) for name, seconds in timings.items()})
        _json(aside / MANIFEST, manifest)
    return manifest


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder to fill, whose files are put into their place at the end; it vanishes if that does not come."""
    new = not folder.exists()
    parent = folder.absolute().parent if new else folder
    parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=parent, prefix=f".{folder.name}-" if new else ".new-"))
    try:
        yield aside
        for path in aside.iterdir():
            path.chmod(0o600)
        if new:
            aside.rename(folder)
            return
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in FILES:
            (aside / name).replace(folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _manifest(run: GroupRun, inputs: Inputs, files: Mapping[str, Any]) -> dict[str, Any]:
    plan = run.plan
    return {
        "made_by": _made_by(),
        "as_of": inputs.as_of,
        "seed": plan.seed,
        "iterations": inputs.effort.iterations,
        "time_limit_s": inputs.effort.time_limit_s,
        "members": _told(inputs.members) | {"hash": plan.members_hash},
        "spec": _told(inputs.spec) | {"hash": plan.spec_hash},
        "versions": dict(plan.versions),
        "status": plan.status,
        "groups": len(plan.groups),
        "placed": plan.terms.placed,
        "unplaced": dict(sorted(Counter(one.code for one in plan.unplaced).items())),
        "moved": len(plan.moved),
        "must_leave": len(plan.must_leave),
        "terms": asdict(plan.terms) | {"total": plan.terms.total},
        "upper_bound": plan.upper_bound,
        "gap": plan.gap,
        "files": files,
    }


def _made_by() -> str:
    return f"peer-matcher {version('peer-matcher')}"


def _told(given: Path | Origin) -> dict[str, str]:
    if isinstance(given, Origin):
        return asdict(given)
    return {"source": given.name, "sha256": _digest(given)}


def _digest(path: Path) -> str:
    """SHA-256 of a file, or of the names and digests of a folder's files in the order of names."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    inside = sorted(one for one in path.rglob("*") if one.is_file())
    lines = "".join(f"{one.relative_to(path).as_posix()}\0{_digest(one)}\n" for one in inside)
    return hashlib.sha256(lines.encode()).hexdigest()


def _json(path: Path, what: Mapping[str, Any]) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n")
