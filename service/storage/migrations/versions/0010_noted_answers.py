"""Kept answers name the row of the audit trail that tells what they are about.

Revision: 0010
Follows: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column; answers that are kept already name no row."""
    op.add_column("kept_answers", sa.Column("noted", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("kept_answers", "noted")
