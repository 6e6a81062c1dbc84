"""A running service that knows members, a match, a job and a group plan, and requests made from its own description."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from matcher import MemberProfile
from service.caller import ROLES, Role
from service.problems import MEDIA_TYPE
from service.settings import Settings
from tests.service.conftest import AS_OF, Served, bearer, do_all_jobs, serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SPEC: dict[str, Any] = {"name": "Circles", "size": {"min": 3, "target": 4, "max": 5}}


def person(number: int) -> MemberProfile:
    """One of a few who all may meet."""
    return MemberProfile.parse(
        {
            "member_id": f"m{number}",
            "consent": True,
            "birth_year": 1980 + number,
            "languages": ["en"],
            "procedures": [{"procedure": "knee-replacement", "date": "2025-11-03"}],
            "buddy_capacity": 3,
            "mentor_capacity": 3,
            "mentor_approved": number % 2 == 0,
            "seeks": ["buddy", "mentor", "group"],
        }
    )


@schemathesis.serializer("application/x-ndjson")
def as_it_is(_: object, value: object) -> bytes:
    """Lines are described as text; what is not may be sent, too."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


class Asked:
    """Sends requests, and holds the answers to the description and to the conventions."""

    def __init__(self, served: Served) -> None:
        self.headers: dict[Role, dict[str, str]] = {role: bearer(served.community, role) for role in ROLES}
        self.session = requests.Session()
        self.base = str(served.client.base_url).rstrip("/")
        served.load([person(number) for number in range(16)])
        described = served.client.get("/openapi.json").json()
        self.schema = from_dict(described)
        self.schema.config.update(base_url=self.base)
        self.operations = [
            self.schema[path][method] for path, methods in described["paths"].items() for method in methods
        ]
        self.known = self._known(served)
        self.statuses: Counter[tuple[str, int]] = Counter()

    def _known(self, served: Served) -> dict[str, list[str]]:
        """Ids that stand for something, by the parameter that they fit."""
        served.client.headers.update(self.headers["admin"])
        proposed = {"kind": "buddy", "member_id": "m0", "peer_id": "m1"}
        match = served.client.post("/v1/matches", json=proposed)
        plan = served.client.post("/v1/group-plans", json={"spec": SPEC, "iterations": 1})
        assert (match.status_code, plan.status_code) == (201, 202), match.text + plan.text
        rematch = served.client.post("/v1/rematches", json={"config": {"ties": ["buddy"]}})
        assert rematch.status_code == 202, rematch.text
        do_all_jobs(served.community)
        formed = served.client.get(plan.headers["location"]).json()
        worked_out = served.client.get(rematch.headers["location"]).json()
        assert formed["state"] == worked_out["state"] == "done"
        return {
            "member_id": [f"m{number}" for number in range(16)],
            "other_id": ["m2", "m3"],
            "match_id": [match.json()["match_id"]],
            "plan_id": [formed["plan_id"]],
            "rematch_id": [worked_out["rematch_id"]],
            "job_id": [formed["job_id"]],
            "name": [*formed["files"], *worked_out["files"]],
        }

    def ask(self, case: Case[Any], role: Role, lots: random.Random) -> None:
        """Send a request, half of the time about what there is, as a caller of that role."""
        for name in case.path_parameters or {}:
            if name in self.known and lots.random() < 0.5:
                case.path_parameters[name] = lots.choice(self.known[name])
        with self.session.request(**case.as_transport_kwargs(headers=self.headers[role]), timeout=60) as sent:
            reply = Response.from_requests(sent, verify=False)
        self.statuses[case.operation.label, reply.status_code] += 1
        if reply.status_code >= 400 and case.method != "HEAD":
            kind = reply.headers["content-type"]
            assert [value.split(";")[0] for value in kind] == [MEDIA_TYPE], (reply.status_code, kind)
            problem = reply.json()
            assert problem["status"] == reply.status_code
            assert problem["type"].startswith("urn:peer-matcher:problem:")
        case.validate_response(reply, checks=CHECKS)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    settings = Settings(folder / "members.db", AS_OF, index_folder=folder / "index", jobs_folder=folder / "jobs")
    with serving(settings) as served:
        yield Asked(served)
