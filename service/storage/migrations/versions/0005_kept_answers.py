"""Answers that are kept for requests sent twice, and what the service signs with.

Revision: 0005
Follows: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "kept_answers",
        sa.Column("key_digest", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "(status is null) = (body is null) and (headers is null) = (body is null)",
            name=op.f("ck_kept_answers_whole"),
        ),
        sa.PrimaryKeyConstraint("key_digest", name="pk_kept_answers"),
    )
    op.create_index("ix_kept_answers_expires_at", "kept_answers", ["expires_at"])
    op.create_table(
        "service_secrets",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_service_secrets"),
    )


def downgrade() -> None:
    """Drop both."""
    for table in ("service_secrets", "kept_answers"):
        op.drop_table(table)
