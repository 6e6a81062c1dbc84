"""The files of a rematch: tables, the groups, a page for people, and a manifest that says how they came about.

No file holds a time, or anything else of the machine but versions and the kind of processor, so equal inputs give equal
bytes where these are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from matcher import MemberProfile
from matcher.graph.candidate_graph import WEIGHT_SCALE
from matcher.grouping.plan_file import plan_bytes
from matcher.grouping.resolve import spec_around
from matcher.rematch.config import RematchConfig
from matcher.rematch.plan import Certificate, ChurnPoint, RematchPlan
from service.reports import group_tables
from service.reports.group_files import spec_text
from service.reports.group_report import report_page
from service.reports.rematch_report import rematch_page
from service.reports.rematch_tables import COLUMNS, GROUP_TABLES, shown_counts, tables_of
from service.reports.table_files import write_csv, write_parquet
from service.reports.whole_folder import MANIFEST, Origin, aside_of, check_place, digest, told, write_json

FORMAT, VERSION = "peer-matcher rematch", 1
PAGE, GROUP_PAGE, GROUP_PLAN, GROUP_SPEC = "report.html", "groups.html", "groups_plan.json", "groups_spec.next.toml"
FILES = (
    *(f"{table}.{ending}" for table in (*COLUMNS, *GROUP_TABLES) for ending in ("parquet", "csv")),
    GROUP_PLAN, GROUP_SPEC, GROUP_PAGE, PAGE, MANIFEST,
)  # fmt: skip
"""Everything that a run may write, the manifest last; those of groups only if groups were asked for."""


@dataclass(frozen=True, slots=True)
class RematchInputs:
    """What a rematch was made from: files, or what stands for them.

    Attributes:
        members, history, config: as a manifest tells of them.
    """

    members: Path | Origin
    history: Path | Origin
    config: Path | Origin


def check_rematch_place(folder: Path, inputs: Sequence[Path]) -> None:
    """As :func:`service.reports.whole_folder.check_place`, for the files of a rematch."""
    check_place(folder, FILES, inputs)


def write_rematch(
    folder: Path,
    plan: RematchPlan,
    config: RematchConfig,
    inputs: RematchInputs,
    members: Mapping[str, MemberProfile] | None = None,
    apart: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Write everything, the manifest last: a folder with a manifest is whole.

    All files are made aside first. A new folder then appears in one step; in a folder that is there, the files of an
    earlier run stay until all new ones are ready. They are for their owner's eyes alone, whatever the folder's rights.

    Args:
        folder: where to; made if it is not there.
        plan: what to write.
        config: what was asked for.
        inputs: what it was made from.
        members: profiles by id, for aliases on the page of the groups; ids stand for who is missing.
        apart: pairs whom the history keeps out of one group, to be told in the spec of the next groups: only to whoever
            has the history.

    Returns:
        The manifest.

    Raises:
        OSError: if it cannot be written; a new folder is not there then, and in one that was nothing has changed, or
            its manifest is gone.
    """
    with aside_of(folder, FILES) as aside:
        files: dict[str, dict[str, Any]] = {}
        for name, rows in tables_of(plan):
            write_parquet(aside / f"{name}.parquet", COLUMNS[name], rows)
            write_csv(aside / f"{name}.csv", COLUMNS[name], rows)
            files |= {f"{name}.parquet": {"rows": len(rows)}, f"{name}.csv": {"rows": len(rows)}}
        if plan.groups is not None and config.groups is not None:
            files |= _write_groups(aside, plan, config, members or {}, tuple(apart))
        (aside / PAGE).write_bytes(rematch_page(plan, config, made_by()).encode())
        files[PAGE] = {}
        for name, about in files.items():
            about["sha256"] = digest(aside / name)
        manifest = _manifest(plan, config, inputs, files)
        write_json(aside / MANIFEST, manifest)
    return manifest


def _write_groups(
    aside: Path,
    plan: RematchPlan,
    config: RematchConfig,
    members: Mapping[str, MemberProfile],
    apart: tuple[tuple[str, str], ...],
) -> dict[str, dict[str, Any]]:
    groups, wish = plan.groups, config.groups
    assert groups is not None
    assert wish is not None
    files: dict[str, dict[str, Any]] = {}
    of_groups = group_tables.tables_of(groups)
    for name, known_as in GROUP_TABLES.items():
        rows = of_groups[known_as]
        group_tables.write_parquet(aside / f"{name}.parquet", known_as, rows)
        group_tables.write_csv(aside / f"{name}.csv", known_as, rows)
        files |= {f"{name}.parquet": {"rows": len(rows)}, f"{name}.csv": {"rows": len(rows)}}
    spec = wish.spec.model_copy(update={"apart": wish.spec.apart + apart})
    texts = {
        GROUP_PLAN: plan_bytes(groups),
        GROUP_SPEC: spec_text(spec_around(groups, spec)).encode(),
        GROUP_PAGE: report_page(groups, wish.spec, members, made_by()).encode(),
    }
    for name, text in texts.items():
        (aside / name).write_bytes(text)
        files[name] = {}
    return files


def _manifest(
    plan: RematchPlan, config: RematchConfig, inputs: RematchInputs, files: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_by": made_by(),
        "as_of": plan.as_of,
        "seed": plan.seed,
        "reproducible": plan.reproducible,
        "members": told(inputs.members) | {"hash": plan.members_hash, "count": plan.members},
        "history": told(inputs.history) | {"hash": plan.history_hash},
        "config": told(inputs.config) | {"hash": plan.config_hash, "says": config.model_dump(mode="json")},
        "versions": dict(plan.versions),
        "counts": {
            "pairs": len(plan.pairs),
            "mentors": len(plan.mentors),
            "kept": sum(tie.standing == "kept" for tie in plan.ties),
            "new": sum(tie.standing == "new" for tie in plan.ties),
            "broken": len(plan.broken),
            "void": len(plan.void),
            "triads": len(plan.triads),
            "unmatched": len(plan.unmatched),
            "affected": len(plan.diff.affected),
        },
        "unmatched": {
            # How many could have nobody may be what the numbers of those who could leave of all.
            kind: shown_counts((one.why for one in plan.unmatched if one.kind == kind), apart="no_candidates")
            for kind in config.kinds
        },
        "certificates": [_certificate(one) for one in plan.certificates],
        "churn": {
            "could_stand": plan.churn.could_stand,
            "protected": plan.churn.protected,
            **_point(plan.churn.plan),
        },
        "groups": None if plan.groups is None else {
            "groups": len(plan.groups.groups),
            "placed": plan.groups.terms.placed,
            "moved": len(plan.groups.moved),
            "must_leave": len(plan.groups.must_leave) + len(plan.left_groups),
            "total": plan.groups.terms.total,
            "upper_bound": plan.groups.upper_bound,
            "gap": plan.groups.gap,
            "status": plan.groups.status,
        },
        "files": files,
    }  # fmt: skip


def _certificate(one: Certificate) -> dict[str, Any]:
    scaled = ("score", "worth", "prize", "upper_bound", "upper_bound_all_pairs")
    return {
        name: value / WEIGHT_SCALE if name in scaled and value is not None else value
        for name, value in asdict(one).items()
    }


def _point(point: ChurnPoint) -> dict[str, Any]:
    scaled = ("score", "worth", "objective", "bound", "multiplier")
    return {name: value / WEIGHT_SCALE if name in scaled else value for name, value in asdict(point).items()}


def made_by() -> str:
    """Name and version of the program."""
    return f"peer-matcher {version('peer-matcher')}"
