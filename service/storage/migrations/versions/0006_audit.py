"""The audit trail, and who was erased.

Revision: 0006
Follows: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

_REFUSED = "the audit trail is append-only"
_SQLITE = (
    "create trigger audit_kept before delete on audit begin select raise(abort, '{refused}'); end",
    "create trigger audit_unchanged before update on audit begin select raise(abort, '{refused}'); end",
    "create trigger audit_members_kept before delete on audit_members begin select raise(abort, '{refused}'); end",
    "create trigger audit_members_unchanged before update on audit_members"
    " when new.number <> old.number or new.member_id not like 'erased:%'"
    " begin select raise(abort, '{refused}'); end",
)
_POSTGRESQL = (
    "create function audit_refusal() returns trigger language plpgsql as $$ begin raise exception '{refused}'; end $$",
    "create trigger audit_unchanged before update or delete or truncate on audit"
    " for each statement execute function audit_refusal()",
    "create trigger audit_members_kept before delete or truncate on audit_members"
    " for each statement execute function audit_refusal()",
    "create trigger audit_members_unchanged before update on audit_members for each row"
    " when (new.number <> old.number or new.member_id not like 'erased:%') execute function audit_refusal()",
)


def upgrade() -> None:
    """Make the tables, and let the databases refuse what must not happen to the trail."""
    member_id = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(12), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("object_id", sa.String(24), nullable=True),
        sa.Column("request_id", sa.String(24), nullable=True),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_object_id", "audit", ["object_id"])
    op.create_table(
        "audit_members",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", member_id, nullable=False),
        sa.PrimaryKeyConstraint("number", "member_id", name="pk_audit_members"),
    )
    op.create_index("ix_audit_members_member_id", "audit_members", ["member_id"])
    op.create_table(
        "erasures",
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.String(32), nullable=False),
        sa.Column("member_id", member_id, nullable=True),
        sa.Column("alias", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.String(32), nullable=True),
        sa.CheckConstraint(
            "finished_at is null or (member_id is null and alias is null)", name=op.f("ck_erasures_forgotten")
        ),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_erasures"),
    )
    op.create_index("ix_changes_member_id", "changes", ["member_id"])
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement.format(refused=_REFUSED))


def downgrade() -> None:
    """Drop them; the triggers go along."""
    op.drop_index("ix_changes_member_id", "changes")
    for table in ("erasures", "audit_members", "audit"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function audit_refusal()")
