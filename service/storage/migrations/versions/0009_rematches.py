"""Rematches, what became of those that were applied, and proposals that they made.

Revision: 0009
Follows: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

_OF_MATCHES = (
    ("rematch_id", sa.String(24)),
    ("swap", sa.Integer()),
    ("asker_replaces", sa.String(24)),
    ("peer_replaces", sa.String(24)),
)


def upgrade() -> None:
    """Make the tables, and let matches say which rematch proposed them and what they replace."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "rematches",
        sa.Column("rematch_id", sa.String(24), nullable=False),
        sa.Column("job_id", sa.String(24), nullable=False),
        sa.Column("owner", sa.String(12), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.String(32), nullable=True),
        sa.Column("folder", sa.String(128), nullable=True),
        sa.Column("applied_at", sa.String(32), nullable=True),
        sa.Column("applied", sa.Text(), nullable=True),
        sa.CheckConstraint("(applied_at is null) = (applied is null)", name="applied"),
        sa.UniqueConstraint("job_id", name="uq_rematches_job_id"),
        sa.PrimaryKeyConstraint("rematch_id", name="pk_rematches"),
    )
    op.create_table(
        "rematch_steps",
        sa.Column("rematch_id", sa.String(24), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("change", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("member_id", member_id, nullable=False),
        sa.Column("peer_id", member_id, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("why", sa.String(24), nullable=True),
        sa.Column("swap", sa.Integer(), nullable=True),
        sa.Column("match_id", sa.String(24), nullable=True),
        sa.CheckConstraint("change in ('new', 'broken', 'triad')", name="change"),
        sa.PrimaryKeyConstraint("rematch_id", "number", name="pk_rematch_steps"),
    )
    for name, kind in _OF_MATCHES:
        op.add_column("matches", sa.Column(name, kind, nullable=True))
    op.create_index("ix_matches_rematch_id", "matches", ["rematch_id"])


def downgrade() -> None:
    """Take all of it away."""
    op.drop_index("ix_matches_rematch_id", "matches")
    for name, _ in _OF_MATCHES:
        op.drop_column("matches", name)
    op.drop_table("rematch_steps")
    op.drop_table("rematches")
