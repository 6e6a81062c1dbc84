"""How often members were shown.

Revision: 0007
Follows: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make both tables."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "exposures",
        sa.Column("member_id", member_id, nullable=False),
        sa.Column("shown", sa.Double(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", name="pk_exposures"),
    )
    op.create_index("ix_exposures_batch", "exposures", ["batch"])
    op.create_table(
        "exposure_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_exposure_head_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_exposure_head"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("exposure_head")
    op.drop_table("exposures")
