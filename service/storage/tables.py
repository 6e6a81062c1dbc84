"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.caller import ROLES
from service.storage.column_types import ordered_text

MEMBER_ID_LENGTH = 64
LABEL_LENGTH = 64
MATCH_ID_LENGTH = 24
JOB_ID_LENGTH = 24
UPSERT, REMOVE, POPULATION, MATCH = "upsert", "remove", "population", "match"
"""The kinds of a change. ``population`` announces new facet means and names no member; ``match`` says that places or
ties of a member are others now."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

members = Table(
    "members",
    metadata,
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Column("profile", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
)
"""One row a member. ``profile`` is the validated profile as JSON with every standing block in it; ``seq`` is the
member's last change and serves as the row's version."""

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), nullable=True),
    Column("at", String(32), nullable=False),
    CheckConstraint(f"kind in ('{UPSERT}', '{REMOVE}', '{POPULATION}', '{MATCH}')", name="kind"),
    Index("ix_changes_member_id", "member_id"),
)
"""Append-only. It says *that* a member changed, never what: whoever follows it reads the current row, so a line of the
log holds nothing that would have to be erased but an id, in whose place a pseudonym comes."""

change_head = Table(
    "change_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""One row that holds the newest ``seq``. A writer takes its numbers here inside its transaction: the row's lock makes
the order of the numbers the order of the commits, and a reader that has seen number n has seen everything before it."""

blocks = Table(
    "blocks",
    metadata,
    Column("blocker", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Column("blocked", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Index("ix_blocks_blocked", "blocked"),
)
"""Every block ever set: two ids and nothing else. Never deleted; a member who is erased stands in it by a pseudonym."""

population = Table(
    "population",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("means", Text, nullable=False),
    Column("estimated_as_of", String(10), nullable=False),
    Column("members", Integer, nullable=False),
)
"""What unknown facets score. The newest row counts, from its ``seq`` on; ``members`` were stored at the time."""

access_keys = Table(
    "access_keys",
    metadata,
    Column("key_id", String(12), primary_key=True),
    Column("secret_sha256", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("label", String(LABEL_LENGTH), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=True),
    Column("revoked_at", String(32), nullable=True),
    Column("requests_a_minute", Integer, nullable=True),
    CheckConstraint(f"role in ({', '.join(repr(role) for role in ROLES)})", name="role"),
)
"""Who may call. The secret itself is nowhere. A row outlives its revocation: an id in a log keeps its meaning."""

matches = Table(
    "matches",
    metadata,
    Column("match_id", String(MATCH_ID_LENGTH), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("asker", ordered_text(MEMBER_ID_LENGTH), nullable=False),
    Column("peer", ordered_text(MEMBER_ID_LENGTH), nullable=False),
    Column("state", String(8), nullable=False),
    Column("proposed_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("asker_answer", String(4), nullable=True),
    Column("asker_answered_at", String(32), nullable=True),
    Column("asker_reason", String(16), nullable=True),
    Column("peer_answer", String(4), nullable=True),
    Column("peer_answered_at", String(32), nullable=True),
    Column("peer_reason", String(16), nullable=True),
    Column("accepted_at", String(32), nullable=True),
    Column("ended_at", String(32), nullable=True),
    Column("system_reason", String(16), nullable=True),
    Column("rematch_id", String(JOB_ID_LENGTH), nullable=True),
    Column("swap", Integer, nullable=True),
    Column("asker_replaces", String(MATCH_ID_LENGTH), nullable=True),
    Column("peer_replaces", String(MATCH_ID_LENGTH), nullable=True),
    CheckConstraint("kind in ('buddy', 'mentor')", name="kind"),
    CheckConstraint("state in ('proposed', 'accepted', 'declined', 'expired', 'ended')", name="state"),
    CheckConstraint("asker <> peer", name="two_members"),
    CheckConstraint(
        "(asker_answer is null or asker_answer in ('yes', 'no', 'void'))"
        " and (peer_answer is null or peer_answer in ('yes', 'no', 'void'))",
        name="answers",
    ),
    Index("ix_matches_asker", "asker"),
    Index("ix_matches_peer", "peer"),
    Index("ix_matches_expires_at", "expires_at"),
    Index("ix_matches_state", "state", "expires_at"),
    Index("ix_matches_rematch_id", "rematch_id"),
)
"""One row a proposal and what became of it. ``state`` is the truth, which neither side may see as it is: see
:mod:`service.storage.match_row`. ``rematch_id`` is the rematch that proposed it, ``swap`` those of it that come about
together or not at all, and ``..._replaces`` the tie that ends on that side when they do."""

feedback = Table(
    "feedback",
    metadata,
    Column("match_id", String(MATCH_ID_LENGTH), primary_key=True),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Column("fit", Integer, nullable=False),
    Column("keep", Boolean, nullable=False),
    Column("at", String(32), nullable=False),
    CheckConstraint("fit between 1 and 5", name="fit"),
)
"""What each side said of a match, last word only. Nobody but staff ever sees it."""

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", String(JOB_ID_LENGTH), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("owner", String(12), nullable=False),
    Column("asks", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("event", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("worker", String(128), nullable=True),
    Column("lease_until", String(32), nullable=True),
    Column("cancel_asked", Boolean, nullable=False),
    Column("progress", Text, nullable=True),
    Column("result", Text, nullable=True),
    Column("problem", Text, nullable=True),
    Column("started_at", String(32), nullable=True),
    Column("ended_at", String(32), nullable=True),
    CheckConstraint("state in ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    CheckConstraint("(state = 'running') = (lease_until is not null)", name="lease"),
    Index("ix_jobs_state", "state", "created_at"),
)
"""One row a job. Its files are in the jobs folder; which of them count, ``attempt`` says."""

group_plans = Table(
    "group_plans",
    metadata,
    Column("plan_id", String(JOB_ID_LENGTH), primary_key=True),
    Column("job_id", String(JOB_ID_LENGTH), nullable=False),
    Column("owner", String(12), nullable=False),
    Column("resolves", String(JOB_ID_LENGTH), nullable=True),
    Column("created_at", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", String(32), nullable=True),
    Column("folder", String(128), nullable=True),
    Column("files_job", String(JOB_ID_LENGTH), nullable=True),
    Column("published_revision", Integer, nullable=True),
    Column("published_at", String(32), nullable=True),
    Column("lineage", String(JOB_ID_LENGTH), nullable=True),
    UniqueConstraint("job_id", name="uq_group_plans_job_id"),
)
"""One row a group plan; revision 0 is none yet. The plan is in the files of ``folder``, beneath the jobs folder.
``lineage`` is the first plan of those that were solved one around the other, and null for that plan itself."""

group_members = Table(
    "group_members",
    metadata,
    Column("plan_id", String(JOB_ID_LENGTH), primary_key=True),
    Column("group_number", Integer, primary_key=True, autoincrement=False),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Column("group_name", Text, nullable=False),
    Column("leads", Boolean, nullable=False),
    Column("meets", Text, nullable=False),
    Column("lineage", String(JOB_ID_LENGTH), nullable=False),
    Column("published_at", String(32), nullable=False),
    Index("ix_group_members_member_id", "member_id"),
    Index("ix_group_members_lineage", "lineage"),
)
"""One row a member of a published group, as the newest publication of a line of plans left them."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("key_digest", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=True),
    Column("headers", Text, nullable=True),
    Column("body", Text, nullable=True),
    Column("expires_at", String(32), nullable=False),
    Column("noted", BigInteger, nullable=True),
    CheckConstraint("(status is null) = (body is null) and (headers is null) = (body is null)", name="whole"),
    Index("ix_kept_answers_expires_at", "expires_at"),
)
"""Answers to requests with an ``Idempotency-Key``, for a day. The answer is empty once a member was erased whom it
named; see :func:`service.storage.idempotency.forget`. ``noted`` is the number of the row of ``audit`` that tells what
the answer is about: to tell it again is a reading."""

service_secrets = Table(
    "service_secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("made_at", String(32), nullable=False),
)
"""What the service signs with, made at first use and shared by all its processes. Opens nothing by itself."""

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("key_id", String(12), nullable=True),
    Column("role", String(16), nullable=False),
    Column("action", String(24), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("object_id", String(24), nullable=True),
    Column("request_id", String(24), nullable=True),
    Column("outcome", String(32), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_object_id", "object_id"),
)
"""Who saw or changed which match or group, and when. Append-only, which triggers hold; no key is what the service does
by itself."""

audit_members = Table(
    "audit_members",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Index("ix_audit_members_member_id", "member_id"),
)
"""Whom a row of ``audit`` is about. Append-only but for a pseudonym in the place of an id."""

erasures = Table(
    "erasures",
    metadata,
    Column("pseudonym", String(MEMBER_ID_LENGTH), primary_key=True),
    Column("begun_at", String(32), nullable=False),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), nullable=True),
    Column("alias", Text, nullable=True),
    Column("finished_at", String(32), nullable=True),
    CheckConstraint("finished_at is null or (member_id is null and alias is null)", name="forgotten"),
)
"""Who was erased. The id is kept until it is gone from the files, too, and then only the pseudonym, which tells should
it come back."""

exposures = Table(
    "exposures",
    metadata,
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), primary_key=True),
    Column("shown", Double, nullable=False),
    Column("at", String(32), nullable=False),
    Column("batch", BigInteger, nullable=False),
    Index("ix_exposures_batch", "batch"),
)
"""How often a member was shown to others, as it stood ``at`` a moment: it fades. ``batch`` is the last that counted."""

exposure_head = Table(
    "exposure_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batch", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)
"""The number of the newest batch of counts, once there is one."""

rematches = Table(
    "rematches",
    metadata,
    Column("rematch_id", String(JOB_ID_LENGTH), primary_key=True),
    Column("job_id", String(JOB_ID_LENGTH), nullable=False),
    Column("owner", String(12), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", String(32), nullable=True),
    Column("folder", String(128), nullable=True),
    Column("applied_at", String(32), nullable=True),
    Column("applied", Text, nullable=True),
    CheckConstraint("(applied_at is null) = (applied is null)", name="applied"),
    UniqueConstraint("job_id", name="uq_rematches_job_id"),
)
"""One row a rematch; revision 0 is no plan yet. The plan is in the files of ``folder``, beneath the jobs folder.
``applied`` holds, as JSON, how many of its changes were made."""

rematch_steps = Table(
    "rematch_steps",
    metadata,
    Column("rematch_id", String(JOB_ID_LENGTH), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("change", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("member_id", ordered_text(MEMBER_ID_LENGTH), nullable=False),
    Column("peer_id", ordered_text(MEMBER_ID_LENGTH), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("why", String(24), nullable=True),
    Column("swap", Integer, nullable=True),
    Column("match_id", String(MATCH_ID_LENGTH), nullable=True),
    CheckConstraint("change in ('new', 'broken', 'triad')", name="change"),
)
"""What became of each change of a plan when it was applied. Rows that name a member go with the member."""
