"""Organisations, notices, consents, withdrawals, disputes, erasure, access and time stamps."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of `models_consents` and `models_disputes`; calls name the key that sends them."""
    op.add_column("call", sa.Column("sender", sa.String(), nullable=False, server_default="relay"))
    op.add_column("call", sa.Column("gas", sa.Integer(), nullable=False, server_default="1000000"))
    op.create_table(
        "answer",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
    )
    op.create_index("ix_answer_until", "answer", ["until"], unique=False)
    op.create_table(
        "access",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access"),
    )
    op.create_table(
        "attempt",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_attempt"),
    )
    op.create_table(
        "backup",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_backup"),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("wording", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_subject", "erasure", ["subject"], unique=False)
    op.create_table(
        "nonce",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", "nonce", name="pk_nonce"),
    )
    op.create_index("ix_nonce_until", "nonce", ["until"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=True),
        sa.Column("webhook", sa.String(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_organisation"),
        sa.UniqueConstraint("subject", name="uq_organisation_subject"),
    )
    op.create_table(
        "pooled",
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_pooled"),
    )
    op.create_index("ix_pooled_created_at", "pooled", ["created_at"], unique=False)
    op.create_table(
        "signature",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_signature"),
    )
    op.create_table(
        "time_stamp",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_time_stamp"),
    )
    op.create_index("ix_time_stamp_digest", "time_stamp", ["digest"], unique=False)
    op.create_table(
        "dispute",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("opener", sa.String(), nullable=False),
        sa.Column("dossier_id", sa.LargeBinary(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name="fk_dispute_dossier_id"),
        sa.ForeignKeyConstraint(["opener"], ["organisation.code"], name="fk_dispute_opener"),
        sa.PrimaryKeyConstraint("id", name="pk_dispute"),
        sa.UniqueConstraint("dossier_id", name="uq_dispute_dossier_id"),
        sa.UniqueConstraint("subject", name="uq_dispute_subject"),
    )
    op.create_table(
        "erasure_signature",
        sa.Column("erasure_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erasure_signature_erasure_id"),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name="fk_erasure_signature_person"),
        sa.PrimaryKeyConstraint("erasure_id", "person", name="pk_erasure_signature"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["organisation.code"], name="fk_job_code"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_table(
        "rejected_line",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_rejected_line_job_id"),
        sa.PrimaryKeyConstraint("job_id", "line", name="pk_rejected_line"),
    )
    op.create_table(
        "notice",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["controller"], ["organisation.code"], name="fk_notice_controller"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("leaf", name="uq_notice_leaf"),
    )
    op.create_index("ix_notice_controller", "notice", ["controller"], unique=False)
    op.create_index("ix_notice_subject", "notice", ["subject"], unique=False)
    op.create_table(
        "consent",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("notice_id", _SERIAL, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_consent_notice_id"),
        sa.PrimaryKeyConstraint("subject", name="pk_consent"),
    )
    op.create_table(
        "dispute_subject",
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name="fk_dispute_subject_dispute_id"),
        sa.PrimaryKeyConstraint("dispute_id", "kind", "subject", name="pk_dispute_subject"),
    )
    op.create_index("ix_dispute_subject_subject", "dispute_subject", ["subject"], unique=False)
    op.create_table(
        "evidence_item",
        sa.Column("dispute_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name="fk_evidence_item_dispute_id"),
        sa.PrimaryKeyConstraint("dispute_id", "number", name="pk_evidence_item"),
        sa.UniqueConstraint("leaf", name="uq_evidence_item_leaf"),
    )
    op.create_table(
        "data_use",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("consent", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["consent"], ["consent.subject"], name="fk_data_use_consent"),
        sa.PrimaryKeyConstraint("id", name="pk_data_use"),
    )
    op.create_index("ix_data_use_consent", "data_use", ["consent"], unique=False)
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("consent", sa.LargeBinary(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("notice_id", _SERIAL, nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("genetic", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("restricted_until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["consent"], ["consent.subject"], name="fk_withdrawal_consent"),
        sa.ForeignKeyConstraint(["controller"], ["organisation.code"], name="fk_withdrawal_controller"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_withdrawal_notice_id"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
    )
    op.create_index("ix_withdrawal_consent", "withdrawal", ["consent"], unique=False)
    op.create_index("ix_withdrawal_controller", "withdrawal", ["controller"], unique=False)
    op.create_index("ix_withdrawal_notice", "withdrawal", ["notice_id", "state"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("withdrawal_id", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["code"], ["organisation.code"], name="fk_delivery_code"),
        sa.ForeignKeyConstraint(["withdrawal_id"], ["withdrawal.id"], name="fk_delivery_withdrawal_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_code", "delivery", ["code"], unique=False)
    op.create_index("ix_delivery_state", "delivery", ["state"], unique=False)
    op.create_index("ix_delivery_withdrawal_id", "delivery", ["withdrawal_id"], unique=False)
    op.create_table(
        "withdrawal_recipient",
        sa.Column("withdrawal_id", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["withdrawal_id"], ["withdrawal.id"], name="fk_withdrawal_recipient_withdrawal_id"
        ),
        sa.PrimaryKeyConstraint("withdrawal_id", "code", name="pk_withdrawal_recipient"),
    )
    op.create_index("ix_withdrawal_recipient_code", "withdrawal_recipient", ["code"], unique=False)


def downgrade() -> None:
    """Undo: drops these tables."""
    for table in (
        "withdrawal_recipient",
        "delivery",
        "withdrawal",
        "data_use",
        "evidence_item",
        "dispute_subject",
        "consent",
        "notice",
        "job",
        "answer",
        "erasure_signature",
        "dispute",
        "time_stamp",
        "signature",
        "pooled",
        "organisation",
        "nonce",
        "erasure",
        "backup",
        "attempt",
        "access",
    ):
        op.drop_table(table)
    op.drop_column("call", "gas")
    op.drop_column("call", "sender")
