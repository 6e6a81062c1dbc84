"""Who is in which published group.

Revision: 0008
Follows: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table, and say of each plan which one it goes back to."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "group_members",
        sa.Column("plan_id", sa.String(24), nullable=False),
        sa.Column("group_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", member_id, nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("meets", sa.Text(), nullable=False),
        sa.Column("lineage", sa.String(24), nullable=False),
        sa.Column("published_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "group_number", "member_id", name="pk_group_members"),
    )
    op.create_index("ix_group_members_member_id", "group_members", ["member_id"])
    op.create_index("ix_group_members_lineage", "group_members", ["lineage"])
    op.add_column("group_plans", sa.Column("lineage", sa.String(24), nullable=True))
    _follow_back(op.get_bind())


def _follow_back(connection: sa.Connection) -> None:
    plans = sa.table("group_plans", sa.column("plan_id"), sa.column("resolves"), sa.column("lineage"))
    found = connection.execute(sa.select(plans.c.plan_id, plans.c.resolves))
    before = {row.plan_id: row.resolves for row in found}
    for plan_id, resolves in before.items():
        first = resolves
        while before.get(first) is not None:
            first = before[first]
        if first is not None:
            connection.execute(sa.update(plans).where(plans.c.plan_id == plan_id).values(lineage=first))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("group_plans", "lineage")
    op.drop_table("group_members")
