"""A move is a case: types of cases, licences, approvals of organisations."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Every case there is, is a first registration; every approval, a person's."""
    with op.batch_alter_table("case") as case:
        case.add_column(sa.Column("type", sa.String(), server_default="first", nullable=False))
        case.add_column(sa.Column("certificate", sa.String(), nullable=True))
        case.add_column(sa.Column("request", sa.LargeBinary(), nullable=True))
        case.add_column(sa.Column("prepared_at", sa.BigInteger(), nullable=True))
        case.create_unique_constraint("uq_case_request", ["request"])
        case.create_index("ix_case_certificate", ["certificate"])
    with op.batch_alter_table("approval") as approval:
        approval.add_column(sa.Column("organisation", sa.String(), nullable=True))
        approval.alter_column("person", existing_type=sa.String(), nullable=True)
        approval.create_foreign_key("fk_approval_organisation", "organisation", ["organisation"], ["code"])
    # What is being approved bears the time of its draft.
    op.execute(
        'UPDATE "case" SET prepared_at = (SELECT max(registered_at) FROM certificate'
        " WHERE certificate.case_id = \"case\".id) WHERE state = 'issuing'"
    )
    op.create_table(
        "licence",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("event_id", _SERIAL, nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_licence_case_id"),
        sa.ForeignKeyConstraint(["certificate"], ["certificate.number"], name="fk_licence_certificate"),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name="fk_licence_event_id"),
        sa.PrimaryKeyConstraint("number", name="pk_licence"),
        sa.UniqueConstraint("subject", name="uq_licence_subject"),
    )
    op.create_index("ix_licence_case_id", "licence", ["case_id"])
    op.create_index("ix_licence_certificate", "licence", ["certificate"])
    op.create_table(
        "move_party",
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.code"], name="fk_move_party_organisation"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name="fk_move_party_case_id"),
        sa.PrimaryKeyConstraint("organisation", "case_id", name="pk_move_party"),
    )
    op.create_index("ix_move_party_case_id", "move_party", ["case_id"])


def downgrade() -> None:
    """First registrations alone again; fails where there are moves."""
    op.drop_table("move_party")
    op.drop_table("licence")
    with op.batch_alter_table("approval") as approval:
        approval.drop_constraint("fk_approval_organisation", type_="foreignkey")
        approval.alter_column("person", existing_type=sa.String(), nullable=False)
        approval.drop_column("organisation")
    with op.batch_alter_table("case") as case:
        case.drop_index("ix_case_certificate")
        case.drop_constraint("uq_case_request", type_="unique")
        for name in ("prepared_at", "request", "certificate", "type"):
            case.drop_column(name)
