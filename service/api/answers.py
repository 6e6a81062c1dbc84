"""A recommendation as it goes over the wire."""

from __future__ import annotations

from typing import Any

from service.api.coarse import coarse_funnel
from service.use_cases.find_buddies import Answer


def answer_fields(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object. The funnel comes along where fewer peers were found than were asked for."""
    found = answer.found
    return {
        "member_id": found.member_id,
        "kind": found.kind,
        "k": found.k,
        "as_of": found.as_of,
        "as_of_seq": answer.as_of_seq,
        "certified": found.certified,
        "bound": found.bound,
        "peers": found.peers,
        "funnel": coarse_funnel(found.funnel) if len(found.peers) < found.k else None,
    }
