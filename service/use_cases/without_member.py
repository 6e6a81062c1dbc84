"""Plans, specs and jobs' words of a member who was erased: the same without them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import msgspec

from matcher.grouping.plan import Diagnosis, GroupPlan, PlannedGroup
from matcher.grouping.spec import GroupSpec
from service.storage.jobs import JobRow

SOMEBODY = "somebody"
LEFT = "a member has left it for good; look at it anew"
NOBODY = "nobody-5f1c2d9a7e3b"
"""The id of nobody, where a list of ids must not become empty."""


def plan_without(plan: GroupPlan, member_id: str) -> GroupPlan:
    """A plan from which a member is gone; the figures of the others stay as they were worked out with them.

    A group that has lost somebody says so among its warnings.
    """
    say = _without(member_id)
    placed = plan.terms.placed - (member_id in plan.group_of())
    return dataclasses.replace(
        plan,
        groups=tuple(_group_without(group, member_id, say) for group in plan.groups),
        unplaced=tuple(
            dataclasses.replace(one, text=say(one.text), remedy=say(one.remedy))
            for one in plan.unplaced
            if one.member_id != member_id
        ),
        terms=dataclasses.replace(plan.terms, placed=placed),
        moved=tuple(name for name in plan.moved if name != member_id),
        must_leave=tuple(name for name in plan.must_leave if name != member_id),
        diagnosis=None if plan.diagnosis is None else _diagnosis_without(plan.diagnosis, say),
    )


def _group_without(group: PlannedGroup, member_id: str, say: Callable[[str], str]) -> PlannedGroup:
    warnings = tuple(map(say, group.warnings))
    if member_id not in {*group.member_ids, *group.facilitators}:
        return dataclasses.replace(group, warnings=warnings)
    members = tuple(place for place in group.members if place.member_id != member_id)
    fits = [place.fit for place in members]
    return dataclasses.replace(
        group,
        members=members,
        facilitators=tuple(name for name in group.facilitators if name != member_id),
        fit=sum(fits) / len(fits) if fits else 0.0,
        worst_fit=min(fits, default=0.0),
        mix=(),  # counts with and without somebody would tell about them
        warnings=(*warnings, LEFT),
    )


def _diagnosis_without(diagnosis: Diagnosis, say: Callable[[str], str]) -> Diagnosis:
    blamed = tuple(dataclasses.replace(one, text=say(one.text)) for one in diagnosis.blamed)
    reliefs = tuple(dataclasses.replace(one, text=say(one.text)) for one in diagnosis.reliefs)
    return dataclasses.replace(diagnosis, blamed=blamed, reliefs=reliefs)


def spec_without(spec: GroupSpec, member_id: str) -> GroupSpec:
    """A spec that does not name a member. A list that lets only them through lets nobody through then."""
    fields = spec.model_dump(mode="json")
    who, leads = fields["who"], fields["facilitation"]
    only = who["member_ids"]
    who["member_ids"] = _others(only, member_id) or ([NOBODY] if only else [])
    who["exclude"] = _others(who["exclude"], member_id)
    leads["members"] = _others(leads["members"], member_id) or ([NOBODY] if leads["members"] else [])
    for wish in ("together", "apart"):
        fields[wish] = [rest for ids in fields[wish] if len(rest := _others(ids, member_id)) > 1]
    for group in fields["groups"]:
        for part in ("members", "facilitators", "locked_members"):
            group[part] = _others(group[part], member_id)
        group["locked"] = group["locked"] and bool(group["members"])
    return GroupSpec.parse(fields)


def _others(ids: list[str], member_id: str) -> list[str]:
    return [one for one in ids if one != member_id]


def job_without(row: JobRow, member_id: str) -> JobRow:
    """A job whose parameters and words do not name a member; the row itself if they did not."""
    asks = msgspec.json.decode(row.asks)
    if isinstance(asks, dict) and "spec" in asks:
        asks["spec"] = _fields_without(asks["spec"], member_id)
    groups = asks["config"].get("groups") if isinstance(asks, dict) and "config" in asks else None
    if groups:
        groups["spec"] = _fields_without(groups["spec"], member_id)
    say = _without(member_id)
    return dataclasses.replace(
        row,
        asks=msgspec.json.encode(asks if "spec" in asks or groups else _said(asks, say)).decode(),
        progress=_text(row.progress, say),
        result=_text(row.result, say),
        problem=_text(row.problem, say),
    )


def _fields_without(spec: dict[str, Any], member_id: str) -> dict[str, Any]:
    return spec_without(GroupSpec.parse(spec), member_id).model_dump(mode="json")


def _text(text: str | None, say: Callable[[str], str]) -> str | None:
    return None if text is None else msgspec.json.encode(_said(msgspec.json.decode(text), say)).decode()


def _said(value: Any, say: Callable[[str], str]) -> Any:
    """A JSON value with ``say`` applied to every text in it, and to the names of fields that are ids."""
    if isinstance(value, str):
        return say(value)
    if isinstance(value, list):
        return [_said(one, say) for one in value]
    if isinstance(value, dict):
        return {name: _said(one, say) for name, one in value.items()}
    return value


def names(text: bytes, member_id: str) -> bool:
    """Whether an id stands in a text by itself, not as a part of a longer one."""
    return re.search(rb"(?<![A-Za-z0-9_-])" + re.escape(member_id.encode()) + rb"(?![A-Za-z0-9_-])", text) is not None


def _without(member_id: str) -> Callable[[str], str]:
    """What puts a word for somebody in the place of an id that stands by itself."""
    pattern = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(member_id)}(?![A-Za-z0-9_-])")
    return lambda text: pattern.sub(SOMEBODY, text)
