"""A change of a group plan: from the request to the editor, and from its answer to the reply."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from matcher.errors import Problem
from matcher.grouping.edit_answer import EditAnswer
from matcher.grouping.edits import Editor
from matcher.grouping.plan import Terms
from service.api.group_plan_shapes import EditRequest
from service.problems import RequestError, unprocessable
from service.use_cases.change_group_plan import Edit, Edited

__all__ = ["EditRequest", "edit_of", "edited_fields"]


def edit_of(asked: EditRequest) -> tuple[Edit, tuple[str, ...]]:
    """The change that a request asks for, and the members whom it names.

    Raises:
        RequestError: 422 if it names too few, too many, or what the change has no use for.
    """
    found = _problems(asked)
    if found:
        raise RequestError(unprocessable(found))
    members, group = tuple(asked.members), asked.group

    def change(editor: Editor) -> EditAnswer:
        match asked.edit:
            case "move":
                return editor.move(members, group)
            case "swap":
                return editor.swap(*members)
            case "dissolve":
                return editor.dissolve(str(group))
            case "lock":
                return editor.lock(group=group, member=next(iter(members), None))
            case "unlock":
                return editor.unlock(group=group, member=next(iter(members), None))

    return change, members


def _problems(asked: EditRequest) -> list[Problem]:
    """What a change names that it has no use for, or does not name that it needs."""
    count, has_group = len(set(asked.members)), asked.group is not None
    if count < len(asked.members):
        return [Problem("members", "names somebody twice", "each member once")]
    match asked.edit:
        case "move" if not count:
            return [Problem("members", "is empty", "who is to be moved")]
        case "swap" if count != 2 or has_group:
            return [Problem("members", "are not two, or a group is given", "two members and no group")]
        case "dissolve" if count or not has_group:
            return [Problem("group", "is missing, or members are given", "a group and no members")]
        case "lock" | "unlock" if count + has_group != 1:
            return [Problem("group", "is not the only one, or missing", "one group, or one member")]
    return []


def edited_fields(plan_id: str, done: Edited, dry_run: bool) -> dict[str, Any]:
    """The reply to a change that was made, or could be."""
    answer = done.answer
    return {
        "plan_id": plan_id,
        "revision": done.revision,
        "dry_run": dry_run,
        "before": _terms(answer.before),
        "after": _terms(answer.after),
        "change": answer.change,
        "fits": answer.fits,
    }


def _terms(terms: Terms) -> dict[str, Any]:
    return asdict(terms) | {"total": terms.total}
