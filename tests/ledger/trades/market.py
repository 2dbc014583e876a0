"""An exchange, its account, and trades in a certificate of the tests."""

from __future__ import annotations

from typing import Any, Final

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member, enrol
from tests.verifier.contracts import contract
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models import Certificate
from yinzheng.ledger.trades.checking import Answered, Asked, check_trades
from yinzheng.verifier.formats.trade import parse_trade
from yinzheng.verifier.formats.trade_contract import SignedContract, parse_contract, sign_contract

EXCHANGE, RIVAL = "91440101DEM00077EF", "91440101DEM00078EG"
BUYER: Final = {"name": "岭澜医学研究有限公司（虚构）", "code": "91440101DEM00071XP"}
PAIR: Final = {"sm3": "11" * 32, "sha256": "22" * 32}
DAY: Final = 86_400


def market(code: str = EXCHANGE) -> Member:
    wallet = EthereumKey(code.encode().ljust(32, b"\1"))
    return Member(code, ("exchange",), "某数据交易所（虚构）", wallet.address, wallet=wallet)


def enrolled(registry: Registry, code: str = EXCHANGE) -> Member:
    made = market(code)
    enrol(registry, made)
    return made


def trade_of(certificate: Certificate | str, begins: int = 0, **changes: Any) -> dict[str, Any]:
    """A share that nothing is wrong with, of the certificates that the tests have deposited."""
    number = certificate if isinstance(certificate, str) else certificate.number
    begins = begins or (0 if isinstance(certificate, str) else certificate.registered_at)
    declared = changes.pop("declarations", {})
    return {
        "certificate": number,
        "seller": {"name": w.APPLICANT["name"], "code": w.APPLICANT["code"]},
        "buyer": BUYER,
        "kind": "share",
        "registration": "licence",
        "rights": ["use"],
        "purpose": "慢病随访研究",
        "acts": ["store", "process", "use"],
        "term": {"begins": begins, "ends": begins + 300 * DAY},
        "territory": None,
        "exclusive": False,
        "price": PAIR,
        "contract": PAIR,
        "declarations": {
            "assessment": None,
            "fields": ["年龄段", "性别", "随访次数"],
            "limits_kept": True,
            "may_sell": True,
            "route": "anonymised",
            "touches_secrets": False,
            **declared,
        },
        "attachments": [],
        **changes,
    }


def ask(registry: Registry, member: Member, *trades: dict[str, Any]) -> list[Answered]:
    return check_trades(registry, [Asked(member.code, member.kid, parse_trade(one)) for one in trades])


def codes(answered: Answered) -> list[str]:
    return [reason.code for reason in answered.body.reasons]


def contract_between(
    row: Certificate, leaf: bytes, seller: Member, buyer: Member, kind: str = "share", **changes: Any
) -> dict[str, Any]:
    """A contract that nothing is wrong with, of a certificate with that leaf."""
    parties = {
        side: {"name": one.name, "code": one.code, "region": "44"}
        for side, one in (("seller", seller), ("buyer", buyer))
    }
    about = {"certificate": {"number": row.number, "leaf": leaf.hex()}}
    return contract(kind, **{**parties, **about, **changes})


def signed_by(value: dict[str, Any], *members: Member) -> SignedContract:
    made = SignedContract(parse_contract(value), ())
    for member in members:
        made = sign_contract(made, member.code, member.key)
    return made
