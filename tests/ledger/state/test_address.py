"""A server's address is kept without any password."""

import pytest

from yinzheng.ledger.state.address import holds_password, server_url
from yinzheng.verifier.errors import UsageFault


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://registry@db.internal:5432/ledger?sslmode=verify-full",
        "postgresql+psycopg://registry@db.internal:5432/ledger?sslmode=verify-full",
    ],
)
def test_both_ways_to_write_it_are_one(given: str) -> None:
    kept = "postgresql+psycopg://registry@db.internal:5432/ledger?sslmode=verify-full"
    assert server_url(given) == kept
    assert not holds_password(kept)


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://registry:s3cret@db/ledger",
        "postgresql://registry:@db/ledger",
        "postgresql://registry@db/ledger?password=s3cret",
        "postgresql://registry@db/ledger?PASSWORD=s3cret",
        "postgresql://registry@db/ledger?sslpassword=s3cret",
        "postgresql://registry@db/ledger?pass%77ord=s3cret",
        "postgresql://registry@db/ledger?scram_client_key=s3cret",
        "postgresql://registry@db/ledger?oauth_client_secret=s3cret",
    ],
)
def test_a_password_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(UsageFault) as refused:
        server_url(given)
    assert refused.value.code == "database-password"
    assert "s3cret" not in f"{refused.value} {refused.value.hint}"
    assert holds_password(given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "db/ledger",
        "mysql://x@db/y",
        "postgresql+asyncpg://x@db/y",
        "sqlite:///x",
        "postgresql://x@db:port/y",
    ],
)
def test_anything_else_is_no_address(given: str) -> None:
    with pytest.raises(UsageFault) as refused:
        server_url(given)
    assert refused.value.code == "database-address"
