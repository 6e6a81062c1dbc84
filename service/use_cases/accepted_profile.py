"""One profile from a request, under the same rules as a row of an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.errors import InvalidMember
from matcher.members.profile import MemberProfile
from matcher.members.reading import results
from matcher.members.rows import RawRow
from service.community import Community


def accepted_profile(community: Community, fields: Mapping[str, Any]) -> MemberProfile:
    """The profile in ``fields``, as it may be stored on the running day; null is an unknown field.

    Raises:
        InvalidMember: with every problem.
    """
    raw = RawRow(1, {name: value for name, value in fields.items() if value is not None})
    row = next(results(iter([raw]), "the request", community.settings.today()))
    if row.member is None:
        raise InvalidMember(row.problems, row.member_id)
    return row.member
