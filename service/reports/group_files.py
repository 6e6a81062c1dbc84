"""The files of a group plan: tables, the plan itself, a spec to go on from, a page for people, and a manifest that says
how they came about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w

from matcher import MemberProfile
from matcher.grouping.existing import ExistingGroup
from matcher.grouping.plan_file import plan_bytes
from matcher.grouping.spec import GroupSpec
from service.group_run import Effort, GroupRun
from service.reports.group_report import report_page
from service.reports.group_tables import TABLES, tables_of, write_csv, write_parquet
from service.reports.whole_folder import MANIFEST, Origin, aside_of, check_place, digest, told, write_json

TIMINGS = "timings.json"
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


def check_group_place(folder: Path, inputs: Sequence[Path]) -> None:
    """As :func:`service.reports.whole_folder.check_place`, for the files of a group plan."""
    check_place(folder, FILES, inputs)


def write_run(folder: Path, run: GroupRun, inputs: Inputs, members: Mapping[str, MemberProfile]) -> dict[str, Any]:
    """Write everything, the manifest last: a folder with a manifest is whole.

    All files are made aside first. A new folder then appears in one step; in a folder that is there, the files of an
    earlier run stay until all new ones are ready. They are for their owner's eyes alone, whatever the folder's rights.

    Returns:
        The manifest.
    """
    with aside_of(folder, FILES) as aside:
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
        for name, about in files.items():
            about["sha256"] = digest(aside / name)
        manifest = _manifest(run, inputs, files)
        timings = {"reading_s": inputs.reading_s, "solving_s": run.solving_s, "checking_s": run.checking_s}
        write_json(aside / TIMINGS, {name: round(seconds, 3) for name, seconds in timings.items()})
        write_json(aside / MANIFEST, manifest)
    return manifest


def _manifest(run: GroupRun, inputs: Inputs, files: Mapping[str, Any]) -> dict[str, Any]:
    plan = run.plan
    return {
        "made_by": _made_by(),
        "as_of": inputs.as_of,
        "seed": plan.seed,
        "iterations": inputs.effort.iterations,
        "time_limit_s": inputs.effort.time_limit_s,
        "members": told(inputs.members) | {"hash": plan.members_hash},
        "spec": told(inputs.spec) | {"hash": plan.spec_hash},
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
