"""Change a group plan by hand, or publish it: always from the revision that whoever changes it has seen."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from sqlalchemy import Connection

from matcher.errors import InvalidProblem, MatcherError, Problem
from matcher.grouping.edit_answer import EditAnswer
from matcher.grouping.edits import Editor
from matcher.grouping.plan import GroupPlan
from matcher.grouping.renewal import Broken, broken_by_now, came_later, renewed
from matcher.grouping.spec import GroupSpec
from matcher.verification.grouping import verify_groups
from service import job_folders
from service.caller import Caller
from service.community import Community
from service.problems import ProblemDetails, RequestError
from service.storage import groups
from service.use_cases.audit import Event, note, note_read, refusals_noted
from service.use_cases.group_plan_store import StoredPlan, concerned, new_folder_name, stored_plan, write_stored
from service.use_cases.group_plans import SeenPlan, queue_files, see_plan_within
from service.use_cases.group_profiles import everybody_for_groups, those_for_groups
from service.use_cases.published_rows import put_published
from service.use_cases.still_holding import LookedThrough, MovedOnError
from service.use_cases.stored_profiles import StoredProfiles

Edit = Callable[[Editor], EditAnswer]
Prepared = tuple[GroupPlan, GroupSpec]
_Told = TypeVar("_Told")
ROUNDS = 3
"""How often a plan is looked through anew because members whom it names changed meanwhile; the last time only the rules
of their groups are asked again. Nobody waits for it."""
_SHOWN = 5
_ACCEPTED = "another place for somebody (:edit), or groups that are solved again around the plan (:resolve)"
_CHANGED = ProblemDetails(
    HTTPStatus.PRECONDITION_FAILED, "changed-since", "The plan is in another revision than the one that If-Match names."
)
_PUBLISHED = ProblemDetails(
    HTTPStatus.CONFLICT, "published", "The plan is published and does not change any more; :resolve makes a new one."
)


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of an edit: the answer, and the revision in which the plan is now."""

    answer: EditAnswer
    revision: int


def edit_plan(
    community: Community,
    caller: Caller,
    plan_id: str,
    revision: int,
    edit: Edit,
    *,
    about: Collection[str] = (),
    dry_run: bool = False,
) -> Edited:
    """Change a plan by hand, unless that breaks a hard rule.

    Args:
        community: whose members.
        caller: who changes it.
        plan_id: of the plan.
        revision: that the caller has seen.
        edit: the change.
        about: ids of the members whom it names; who has come since the plan was formed may be placed, too.
        dry_run: only say what it would come to.

    Raises:
        RequestError: 404; 409 if the plan is not formed, published, of members who have gone, or would break a rule;
            412 if it is in another revision.
        InvalidRequest: if the edit names what is not there.
    """
    with refusals_noted(community, Event("edit", "group-plan", plan_id)):
        return _edited(community, _changeable(community, caller, plan_id, revision), edit, about, dry_run)


def _edited(community: Community, stored: StoredPlan, edit: Edit, about: Collection[str], dry_run: bool) -> Edited:
    revision, plan_id = stored.row.revision, stored.row.plan_id
    with community.database.reading() as connection:
        now = concerned(connection, stored)
        new = those_for_groups(connection, _strangers(stored.plan, about))
    members = {member.member_id: member for member in (*now.members, *new.members)}
    plan = _with(stored.plan, [member.member_id for member in new.members])
    try:
        editor = Editor.of(tuple(members.values()), stored.spec, plan, means=stored.means)
    except InvalidProblem as error:
        raise no_longer_holds(error.problems) from None
    answer = edit(editor)
    if answer.broken:
        what = "The change would break rules that are never bent; the plan is as it was."
        problems = tuple(problem_of((None, violation)) for violation in answer.broken)
        raise RequestError(ProblemDetails(HTTPStatus.CONFLICT, "breaks-rules", what, problems))
    known = tuple(set(about) & members.keys())
    if dry_run:
        note_read(community, Event("try-edit", "group-plan", plan_id, known))
        return Edited(answer, revision)
    edited = Edited(answer, revision + 1)
    event = Event("edit", "group-plan", plan_id, known)
    return _change(community, stored, event, lambda _: (answer.plan, answer.spec), lambda _: edited)


def publish_plan(community: Community, caller: Caller, plan_id: str, revision: int) -> SeenPlan:
    """Publish a plan, if the members as they are now, and the day, leave every rule kept. It can be changed no more.

    Every group is asked every rule, the numbers are worked out anew, and the whole is verified by the code that
    verifies what the solver finds. If somebody whom the plan names changes meanwhile, that is done again; should it go
    on, the groups of those who change are asked every rule once more in the moment of the publication.

    Returns:
        The plan as it is published.

    Raises:
        RequestError: 404; 409 if it is not formed, published already, or does not hold any more, with all that does
            not; 412 if it is in another revision, or members whom it names are erased one after the other.
    """
    event = Event("publish", "group-plan", plan_id)
    with refusals_noted(community, event):
        return _published(community, caller, _changeable(community, caller, plan_id, revision), event)


def _published(community: Community, caller: Caller, stored: StoredPlan, event: Event) -> SeenPlan:
    def told(connection: Connection) -> SeenPlan:
        return see_plan_within(connection, community, caller, stored.row.plan_id)

    for round_ in range(1, ROUNDS + 1):
        with community.database.reading() as connection:
            now = everybody_for_groups(connection)
        looked = LookedThrough.of(stored, _as_of_now(community, stored, now), now)
        with suppress(MovedOnError):
            still = functools.partial(_if_still, community, looked, round_ == ROUNDS)
            return _change(community, stored, event, still, told, published=True)
    raise RequestError(_CHANGED)


def _if_still(community: Community, looked: LookedThrough, at_last: bool, connection: Connection) -> Prepared:
    broken = looked.broken_since(connection, community.settings.today(), at_last=at_last)
    if broken:
        raise no_longer_holds([problem_of(one) for one in broken])
    return looked.plan, looked.stored.spec


def _as_of_now(community: Community, stored: StoredPlan, now: StoredProfiles) -> GroupPlan:
    """The plan with the numbers of today, verified."""
    today, spec, means = community.settings.today(), stored.spec, stored.means
    broken = broken_by_now(now.members, spec, stored.plan, today, means)
    if broken:
        raise no_longer_holds([problem_of(one) for one in broken])
    try:
        plan = renewed(now.members, spec, stored.plan, today, means)
    except InvalidProblem as error:
        raise no_longer_holds(error.problems) from None
    verify_groups(now.members, spec, plan, means=means)
    return plan


def _changeable(community: Community, caller: Caller, plan_id: str, revision: int) -> StoredPlan:
    stored = stored_plan(community, caller, plan_id)
    if stored.row.published_revision is not None:
        raise RequestError(_PUBLISHED)
    if stored.row.revision != revision:
        raise RequestError(_CHANGED)
    return stored


def _change(
    community: Community,
    stored: StoredPlan,
    event: Event,
    prepare: Callable[[Connection], Prepared],
    told: Callable[[Connection], _Told],
    *,
    published: bool = False,
) -> _Told:
    """Put the next revision into force: what ``prepare`` returns within the transaction, in a folder of its own.
    Returns what ``told`` says of it at the end of the transaction."""
    jobs, row, made = community.settings.jobs, stored.row, list[str]()

    def change(connection: Connection) -> _Told:
        plan, spec = prepare(connection)
        made.append(new_folder_name(row.plan_id, row.revision))
        with job_folders.filling(jobs, made[-1]) as folder:
            write_stored(folder, plan, spec, stored.means)
        at = community.settings.now()
        files_job = queue_files(connection, row, at)
        if not groups.next_revision(
            connection, row.plan_id, row.revision, made[-1], at, files_job=files_job, published=published
        ):
            raise RequestError(_CHANGED)
        if published:
            put_published(connection, row, plan, at)
        note(connection, at, event)
        return told(connection)

    try:
        result = community.database.write(change)
    except MatcherError:  # the database has not taken it; after any other error nobody knows
        for name in made:
            job_folders.remove(jobs, name)
        raise
    for old in (row.folder, *made[:-1]):
        if old is not None:
            job_folders.remove(jobs, old)
    return result


def _strangers(plan: GroupPlan, names: Iterable[str]) -> set[str]:
    known = {one.member_id for one in plan.unplaced}
    for group in plan.groups:
        known.update(group.member_ids, group.facilitators)
    return set(names) - known


def _with(plan: GroupPlan, newcomers: Collection[str]) -> GroupPlan:
    if not newcomers:
        return plan
    unplaced = sorted((*plan.unplaced, *map(came_later, newcomers)), key=lambda one: one.member_id)
    return dataclasses.replace(plan, unplaced=tuple(unplaced), diagnosis=None)


def no_longer_holds(problems: Iterable[Problem]) -> RequestError:
    """409: what stands in the way is that members have changed since the plan was formed."""
    what = "The plan does not hold any more with the members as they are now."
    return RequestError(ProblemDetails(HTTPStatus.CONFLICT, "no-longer-holds", what, tuple(problems)))


def problem_of(broken: Broken) -> Problem:
    """A broken rule in the words of an error."""
    name, violation = broken
    shown = ", ".join(violation.members[:_SHOWN])
    rest = len(violation.members) - _SHOWN
    whom = f" ({shown}{f' and {rest} more' if rest > 0 else ''})" if shown else ""
    where = "plan" if name is None else f"groups[{name}]"
    return Problem(where, f"{violation.rule}: {violation.text}{whom}", _ACCEPTED)
