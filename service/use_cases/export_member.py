"""All that is held about a member, and nothing about anybody else: the right of access."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import Connection

from matcher.errors import UnknownMember
from service.community import Community
from service.storage import exposures, feedback, group_members, groups, matches, members
from service.storage.pseudonyms import is_pseudonym
from service.use_cases.audit import Event, everything, note, wanted_rows
from service.use_cases.group_plan_store import folder_of, read_stored
from service.use_cases.own_trail import known_moments, may_know, told_row
from service.use_cases.seen_match import views


def export_member(community: Community, member_id: str) -> dict[str, Any]:
    """Everything about a member, as JSON can hold it.

    Matches are told as the member may see them, so what the other side has said in confidence is not among them; nor is
    what others have said of them, or who has blocked them, which are others' own data; and the audit trail is told as
    far as :mod:`service.use_cases.own_trail` says. Ids of others stand where a match, a block of the member's own or a
    group of theirs names them. The export is itself in the audit trail.

    Raises:
        UnknownMember: if there is none.
    """
    community.database.write(lambda connection: _note(connection, community, member_id))
    with community.database.reading() as connection:
        row = members.one(connection, member_id)
        if row is None:
            raise UnknownMember(member_id)
        own = matches.of_members(connection, [member_id])
        own.sort(key=lambda match: (match.proposed_at, match.match_id))
        said = feedback.by_member(connection, member_id)
        moments = known_moments(own, said, member_id)
        found = {
            "member_id": member_id,
            "exported_at": community.settings.now(),
            "profile": msgspec.json.decode(row.profile),
            "stored_at": {"first": row.created_at, "last": row.updated_at},
            "blocks_set": [
                other
                for other in members.standing_blocks(connection, [member_id]).get(member_id, [])
                if not is_pseudonym(other)
            ],
            "matches": [asdict(match) for match in views(connection, own, member_id, community.settings.now())],
            "feedback_given": [asdict(word) for word in said],
            "published_groups": [_group(one) for one in group_members.of_member(connection, member_id)],
            "shown_to_others": [asdict(count) for count in exposures.of_member(connection, member_id)],
        }
    plans = _plans(community, member_id)
    rows = list(everything(community, wanted_rows(member_id, None, None, None)))
    for plan in plans:
        rows += everything(community, wanted_rows(None, plan["plan_id"], None, None))
    known = {row.number: told_row(row, member_id) for row in rows if may_know(row, member_id, moments)}
    return found | {"group_plans": plans, "audit": [known[number] for number in sorted(known)]}


def _note(connection: Connection, community: Community, member_id: str) -> None:
    if members.one(connection, member_id) is None:
        raise UnknownMember(member_id)
    note(connection, community.settings.now(), Event("export", "member", None, (member_id,)))


def _group(row: group_members.GroupMemberRow) -> dict[str, Any]:
    return {
        "plan_id": row.plan_id,
        "group": row.group_name,
        "leads": row.leads,
        "meets": msgspec.json.decode(row.meets),
        "published_at": row.published_at,
    }


def _plans(community: Community, member_id: str) -> list[dict[str, Any]]:
    """What group plans say of a member."""
    with community.database.reading() as connection:
        rows = groups.formed(connection)
    found: list[dict[str, Any]] = []
    for row in rows:
        try:
            plan = read_stored(row, folder_of(community, row)).plan
        except FileNotFoundError:  # it was changed in this moment, or its files are gone
            continue
        told: dict[str, Any] = {"plan_id": row.plan_id, "published_at": row.published_at}
        for group in plan.groups:
            places = [place for place in group.members if place.member_id == member_id]
            found += [told | {"group": group.name, "place": msgspec.to_builtins(place)} for place in places]
            if member_id in group.facilitators:
                found.append(told | {"group": group.name, "leads": True})
        for one in plan.unplaced:
            if one.member_id == member_id:
                found.append(told | {"without_group": one.code})
    return found
