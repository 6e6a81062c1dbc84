"""Matches, feedback on them, and their lines in the change log.

Revision: 0003
Follows: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

_KINDS = "ck_changes_kind"
_BEFORE = "kind in ('upsert', 'remove', 'population')"
_AFTER = "kind in ('upsert', 'remove', 'population', 'match')"


def upgrade() -> None:
    """Make the tables and let the log name their changes."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "matches",
        sa.Column("match_id", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("asker", member_id, nullable=False),
        sa.Column("peer", member_id, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("proposed_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.Column("asker_answer", sa.String(4), nullable=True),
        sa.Column("asker_answered_at", sa.String(32), nullable=True),
        sa.Column("asker_reason", sa.String(16), nullable=True),
        sa.Column("peer_answer", sa.String(4), nullable=True),
        sa.Column("peer_answered_at", sa.String(32), nullable=True),
        sa.Column("peer_reason", sa.String(16), nullable=True),
        sa.Column("accepted_at", sa.String(32), nullable=True),
        sa.Column("ended_at", sa.String(32), nullable=True),
        sa.Column("system_reason", sa.String(16), nullable=True),
        sa.CheckConstraint("kind in ('buddy', 'mentor')", name=op.f("ck_matches_kind")),
        sa.CheckConstraint(
            "state in ('proposed', 'accepted', 'declined', 'expired', 'ended')", name=op.f("ck_matches_state")
        ),
        sa.CheckConstraint("asker <> peer", name=op.f("ck_matches_two_members")),
        sa.CheckConstraint(
            "(asker_answer is null or asker_answer in ('yes', 'no', 'void'))"
            " and (peer_answer is null or peer_answer in ('yes', 'no', 'void'))",
            name=op.f("ck_matches_answers"),
        ),
        sa.PrimaryKeyConstraint("match_id", name="pk_matches"),
    )
    for name in ("asker", "peer", "expires_at"):
        op.create_index(f"ix_matches_{name}", "matches", [name])
    op.create_index("ix_matches_state", "matches", ["state", "expires_at"])
    op.create_table(
        "feedback",
        sa.Column("match_id", sa.String(24), nullable=False),
        sa.Column("member_id", member_id, nullable=False),
        sa.Column("fit", sa.Integer(), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.CheckConstraint("fit between 1 and 5", name=op.f("ck_feedback_fit")),
        sa.PrimaryKeyConstraint("match_id", "member_id", name="pk_feedback"),
    )
    _allow(_BEFORE, _AFTER)


def downgrade() -> None:
    """Drop the tables, and the lines of the log that tell of them."""
    op.execute("delete from changes where kind = 'match'")
    _allow(_AFTER, _BEFORE)
    op.drop_table("feedback")
    op.drop_table("matches")


def _allow(before: str, after: str) -> None:
    """Put one list of kinds for another. SQLite makes the table anew, so it has to be told what stands in it."""
    stands = sa.Table(
        "changes",
        sa.MetaData(),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("member_id", sa.String(64), nullable=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.CheckConstraint(before, name=op.f(_KINDS)),
        sa.PrimaryKeyConstraint("seq", name="pk_changes"),
    )
    with op.batch_alter_table("changes", copy_from=stands) as batch:
        batch.drop_constraint(op.f(_KINDS), type_="check")
        batch.create_check_constraint(op.f(_KINDS), after)
