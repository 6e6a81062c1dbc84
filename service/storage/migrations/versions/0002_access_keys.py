"""Access keys.

Revision: 0002
Follows: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table of keys."""
    op.create_table(
        "access_keys",
        sa.Column("key_id", sa.String(12), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=True),
        sa.Column("revoked_at", sa.String(32), nullable=True),
        sa.Column("requests_a_minute", sa.Integer(), nullable=True),
        sa.CheckConstraint("role in ('platform', 'coordinator', 'analyst', 'admin')", name=op.f("ck_access_keys_role")),
        sa.PrimaryKeyConstraint("key_id", name="pk_access_keys"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("access_keys")
