"""Licences and what follows a certificate, on chain (S5.20 to S5.23)."""

from collections.abc import Sequence

from yinzheng.ledger.chain.approvals_moves import Change, Licence, LicenceEnd, Renewal, Transfer
from yinzheng.ledger.chain.clients.calling import CALL_GAS, Block, Calling
from yinzheng.ledger.chain.records_moves import Holdings, LicenceEnding, LicenceOnChain, LicenceState
from yinzheng.ledger.chain.sender import Call

HOLDER_GAS = 30_000
"""What each holder of a list adds to the limit of a call: twice its entry and its signature."""

EXCLUSIVES_GAS = 600_000
"""What a licence may take besides: twice what it is to look through exclusive ones of three rights."""


class MoveCalls(Calling):
    """What is asked of `RightsMoves`.

    `listed` are the certificate's holdings (S5.17), `approvals` in the order of S5.20: registry, committee
    where the procedure is ordinary, then as told. Anyone may send the calls.
    """

    def licence(self, id_: bytes, block: Block = "latest") -> LicenceOnChain | None:
        """Read a licence, None if there is none."""
        (values,) = self._read("moves", "licenceOf", [id_], block)
        certificate, licensor, licensee, state, exclusive, rights, acts, territory, *rest = values
        if not state:
            return None
        begins, ends, ending, statement, outcome, given_at, ended_at = rest
        return LicenceOnChain(
            id=id_,
            certificate=certificate,
            licensor=licensor,
            licensee=licensee,
            state=LicenceState(state),
            exclusive=exclusive,
            rights=rights,
            acts=acts,
            territory=territory,
            valid_from=begins,
            valid_until=ends,
            ending=LicenceEnding(ending),
            statement=statement,
            outcome=outcome,
            given_at=given_at,
            ended_at=ended_at,
        )

    def licences_of(self, certificate: bytes, first: int = 0, block: Block = "latest") -> tuple[bytes, ...]:
        """Read the licences given under a certificate, from number `first` on, not its predecessors'."""
        (count,) = self._read("moves", "licencesOf", [certificate], block)
        read = (self._read("moves", "licenceAt", [certificate, at], block) for at in range(first, count))
        return tuple(id_ for (id_,) in read)

    def line_of(self, certificate: bytes, organisation: bytes, block: Block = "latest") -> bytes:
        """Read the line of an organisation's rights under a certificate (S5.22)."""
        (line,) = self._read("moves", "lineOf", [certificate, organisation], block)
        return bytes(line)

    def exclusives_of(self, line: bytes, right: int, block: Block = "latest") -> tuple[bytes, ...]:
        """Read the exclusive licences kept for one right of a line; some may be over."""
        (found,) = self._read("moves", "exclusivesOf", [line, right], block)
        return tuple(found)

    def license(self, decision: Licence, listed: Holdings, approvals: Sequence[bytes]) -> Call:
        """Give a licence. `approvals`: …, licensor, licensee, the exchange if one is named."""
        arguments = [decision.values(), list(listed), list(approvals)]
        return self._call("moves", "license", arguments, _limit(listed) + EXCLUSIVES_GAS)

    def end_licence(self, decision: LicenceEnd, approvals: Sequence[bytes]) -> Call:
        """End a licence. `approvals`: …, licensor, licensee; or a forum's alone."""
        return self._call("moves", "endLicence", [*decision.values(), list(approvals)])

    def transfer(self, decision: Transfer, listed: Holdings, approvals: Sequence[bytes]) -> Call:
        """Transfer rights. `approvals`: …, transferor, transferee, the exchange if one is named."""
        arguments = [decision.values(), list(listed), list(approvals)]
        return self._call("moves", "transfer", arguments, 2 * _limit(listed))

    def change(self, decision: Change, listed: Holdings, approvals: Sequence[bytes]) -> Call:
        """Replace a certificate after a change. `approvals`: …, every holder."""
        arguments = [decision.values(), list(listed), list(approvals)]
        return self._call("moves", "change", arguments, 2 * _limit(listed))

    def renew(self, decision: Renewal, listed: Holdings, approvals: Sequence[bytes]) -> Call:
        """Renew a certificate. `approvals`: …, every holder."""
        arguments = [decision.values(), list(listed), list(approvals)]
        return self._call("moves", "renew", arguments, 2 * _limit(listed))


def _limit(listed: Holdings) -> int:
    return CALL_GAS + len(listed) * HOLDER_GAS
