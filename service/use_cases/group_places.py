"""Where somebody who comes late could go in a group plan, and why two members may not be in one of its groups."""

from __future__ import annotations

from matcher.errors import InvalidProblem, UnknownMember
from matcher.grouping.latecomer import LatecomerPlaces, place_latecomer
from matcher.grouping.rules import Violation
from matcher.grouping.two_members import why_not
from service.caller import Caller
from service.community import Community
from service.use_cases.audit import Event, note_read
from service.use_cases.change_group_plan import no_longer_holds
from service.use_cases.group_plan_store import concerned, stored_plan
from service.use_cases.group_profiles import those_for_groups


def places_for(community: Community, caller: Caller, plan_id: str, member_id: str, k: int) -> LatecomerPlaces:
    """The open groups of a plan that could take a member in, best first. No rule is bent and nobody else is moved.

    Raises:
        RequestError: 404 if there is no such plan of the caller's; 409 if it is not formed, or its spec names somebody
            who has gone.
        UnknownMember: if no such member is stored.
        InvalidRequest: if the member has a group already, or k is out of range.
    """
    stored = stored_plan(community, caller, plan_id)
    with community.database.reading() as connection:
        now, own = concerned(connection, stored), those_for_groups(connection, [member_id])
    if not own.members:
        raise UnknownMember(member_id)
    note_read(community, Event("read-placements", "group-plan", plan_id, (member_id,)))
    try:
        return place_latecomer(now.members, stored.spec, stored.plan, own.members[0], means=stored.means, k=k)
    except InvalidProblem as error:
        raise no_longer_holds(error.problems) from None


def obstacles_between(
    community: Community, caller: Caller, plan_id: str, one: str, other: str
) -> tuple[Violation, ...]:
    """Which rules stop two members from being in one group of a plan, whoever else is in it; none if they may.

    Raises:
        RequestError: 404 if there is no such plan of the caller's; 409 if it is not formed.
        UnknownMember: if one of the two is not stored.
        InvalidRequest: if it is one member twice.
    """
    stored = stored_plan(community, caller, plan_id)
    with community.database.reading() as connection:
        two = those_for_groups(connection, [one, other])
    known = {member.member_id for member in two.members}
    for name in (one, other):
        if name not in known:
            raise UnknownMember(name)
    note_read(community, Event("read-why-not", "group-plan", plan_id, (one, other)))
    today = community.settings.today()
    return why_not(two.members, stored.spec, one, other, today, means=stored.means)
