"""What a pack says of a licence, as the chain has it at the block (S14.4, obligation 9; R4, R5)."""

from __future__ import annotations

from typing import Final

from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout_moves import LICENCE_SLOTS, ChainLicence, decode_licence, licence_slots
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.licence import differing_terms, parse_licence, parse_licence_end
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import LICENCE_ENDED, LICENCE_GIVEN
from yinzheng.verifier.pack.contents import MAX_SLOTS, PackedStatement

ABOUT_LICENCES: Final = (LICENCE_GIVEN, LICENCE_ENDED)
"""Types of the statements that a licence on the chain names."""

MOST_LICENCES: Final = MAX_SLOTS // LICENCE_SLOTS
"""Licences that one pack's evidence has room for (S14.3)."""


def licence_on_chain(packed: PackedStatement, evidence: Evidence, trust: TrustPolicy) -> ChainLicence:
    """(9) The chain's licence was given, or ended, by this statement, on these terms or this ground.

    A statement that the contracts refused stays in the log (S3.5): one that the chain's licence does not name
    is not proved, and not disproved. Raises `DataFault`: `licence-terms-differ`, `licence-end-differs`,
    `licence-layout`, a code of the body's form or of the proofs; `NotGiven`: `moves-not-pinned`,
    `licence-unnamed`, `withheld`.
    """
    if trust.moves is None:
        raise NotGiven("the policy pins no contract of licences", code="moves-not-pinned")
    if packed.body is None:
        raise NotGiven("what the statement says is withheld", code="withheld")
    statement = packed.statement
    licence = decode_licence(evidence.words(trust.moves, licence_slots(statement.subject)))
    given = statement.type == LICENCE_GIVEN
    if licence is None or statement.leaf_hash != (licence.statement if given else licence.outcome):
        raise NotGiven("the chain's licence does not name this statement", code="licence-unnamed")
    if given:
        if differing := differing_terms(parse_licence(packed.body), licence):
            raise DataFault(
                "the chain's licence states other terms", code="licence-terms-differ", terms=list(differing)
            )
    elif parse_licence_end(packed.body).ground != licence.ending:
        raise DataFault(
            "the chain has the licence ended by others than its statement says", code="licence-end-differs"
        )
    return licence
