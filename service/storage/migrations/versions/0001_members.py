"""Members, their blocks, the change log and the population's means.

Revision: 0001
Follows: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the first tables and the log's head."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "members",
        sa.Column("member_id", member_id, nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_members"),
    )
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("member_id", member_id, nullable=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.CheckConstraint("kind in ('upsert', 'remove', 'population')", name=op.f("ck_changes_kind")),
        sa.PrimaryKeyConstraint("seq", name="pk_changes"),
    )
    head = op.create_table(
        "change_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_change_head_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_change_head"),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0}])
    op.create_table(
        "blocks",
        sa.Column("blocker", member_id, nullable=False),
        sa.Column("blocked", member_id, nullable=False),
        sa.PrimaryKeyConstraint("blocker", "blocked", name="pk_blocks"),
    )
    op.create_index("ix_blocks_blocked", "blocks", ["blocked"])
    op.create_table(
        "population",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("estimated_as_of", sa.String(10), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_population"),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("population", "blocks", "change_head", "changes", "members"):
        op.drop_table(table)
