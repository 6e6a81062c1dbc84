"""Short hashes of what a result was made from, so that it can be told whether two were made from the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from pydantic import BaseModel

from matcher.members.profile import MemberProfile

_LENGTH = 16


def fingerprint_of(model: BaseModel) -> str:
    """A hash of everything that a config or a spec says, whatever the order of its keys."""
    said = json.dumps(model.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:_LENGTH]


def members_hash(members: Iterable[MemberProfile]) -> str:
    """A hash of all that is known of the members, whatever their order. Some 10 microseconds a member."""
    digest = hashlib.sha256()
    for member in sorted(members, key=lambda one: one.member_id):
        digest.update(member.model_dump_json().encode())
    return digest.hexdigest()[:_LENGTH]
