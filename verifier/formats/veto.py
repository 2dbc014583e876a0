"""A holder's veto of an announced replacement of its account (S10.4c), by the old account: anyone
may bring it to the chain.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.bytes.canonical import JSON, dumps, hex_bytes, integer
from yinzheng.verifier.bytes.shape import Shaped, read_shape
from yinzheng.verifier.formats.body import check_credit_code

FORMAT: Final = "yinzheng/holder-veto/1"
MAX_VETO: Final = 4096

_DECLARATION: Final = b"yinzheng/holder-veto/1\n"


@dataclass(frozen=True, slots=True)
class VetoFile(Shaped):
    """What the old account says; for one registry's contract, by its signature."""

    CONSTANTS: ClassVar = {"format": FORMAT}

    code: Annotated[str, check_credit_code]
    """Credit code of the holder."""
    serial: Annotated[int, integer(2, 2**32 - 1)]
    """Which change on chain this is: the one after the announcement (S5.19)."""
    at: Annotated[int, integer()]
    signature: Annotated[bytes, hex_bytes(65)]
    """The old account's, of `Veto` with `statement` the digest of what is declared here."""

    @property
    def declared(self) -> bytes:
        """32 bytes: by which the chain names it."""
        said: dict[str, JSON] = {"code": self.code, "serial": self.serial, "at": self.at}
        return sha256(_DECLARATION + dumps(said))


def parse_veto(value: object) -> VetoFile:
    """Read a veto. Raises `DataFault`: a code of `read_object`, or `credit-code`."""
    return read_shape(VetoFile, value)
