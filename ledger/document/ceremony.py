"""The record of a key ceremony: what was compared, and a line for each signature; as text, or as a PDF.

Set as the other papers are (`typesetting`). By itself it proves nothing: the signatures under it do, and its
fingerprints are what the registry publishes and what each person's own medium shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.document.fonts import printable
from yinzheng.ledger.document.typesetting import typeset
from yinzheng.ledger.state.instance import Instance
from yinzheng.ledger.state.policy import fingerprint_of
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.version import VERSION
from yinzheng.verifier.words.accesses import FUNCTIONS
from yinzheng.verifier.words.phrase import Phrase

TEMPLATE: Final = Path(__file__).parent / "ceremony.typ"

_WIDTH: Final = 78
_LINE: Final = "_" * 34

WITNESS: Final = Phrase("见证人", "witness")
DECLARED: Final = Phrase(
    "各人的密钥由本人在自己的介质上生成，或在登记时以本人口令封存；口令只有本人知道。下列指纹已当场读出，并与本人介质"
    "所示核对一致。",
    "Each key was made by its owner, on a medium of their own or under a passphrase that nobody else knows. "
    "The fingerprints below were read aloud and compared with what each person's own medium shows.",
)


@dataclass(frozen=True, slots=True)
class Seated:
    """Someone at the table: short name, role, and the 20 bytes of the address enrolled."""

    name: str
    role: str
    address: bytes


def spaced(address: bytes) -> str:
    """An address in groups of four, as it is read aloud."""
    text = address.hex()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@dataclass(frozen=True, slots=True)
class Record:
    """What everyone at the table signs. `now`: UTC seconds."""

    instance: Instance
    people: Sequence[Seated]
    place: str
    witnesses: Sequence[str]
    now: int

    def text(self) -> str:
        """To print as it is, Chinese and English, at most 90 columns wide."""
        return "\n".join(self._lines()) + "\n"

    def pdf(self) -> bytes:
        """PDF/A-3a and PDF/UA-1. Raises `DataFault` `document-failed`, `EnvironmentFault` `fonts-missing`."""
        pages = self._set()
        assert isinstance(pages, bytes)
        return pages

    def _set(self, **output: Any) -> Any:
        data, lacking = printable(self._data())
        data |= {"lacking": lacking}
        return typeset(TEMPLATE, data, what="record", dated=self.now, **output)

    @property
    def _made(self) -> str:
        return f"{datetime.fromtimestamp(self.now, CHINA):%Y-%m-%d %H:%M} (+08:00)"

    def _facts(self) -> Iterator[tuple[Phrase, list[str], bool]]:
        """Each with its lines, none where it is written by hand; whether they are read digit by digit."""
        one = self.instance
        yield Phrase("登记机构", "Registry"), [one.registry_name, one.registry_code], False
        yield Phrase("时间", "Time"), [self._made], False
        yield Phrase("地点", "Place"), [self.place] if self.place else [], False
        yield Phrase("程序", "Program"), [f"yinzheng {VERSION}"], False
        yield Phrase("信任策略指纹", "Fingerprint of the policy"), [str(fingerprint_of(one))], True
        yield Phrase("签发密钥", "Issuer's key"), [key_id(key.key).hex() for key in one.issuers], True
        yield Phrase("日志密钥", "Log's key"), [*one.log_keys], True
        yield Phrase("链", "Chain, its genesis"), [str(one.chain_id), one.genesis.hex()], True

    def _signers(self) -> Iterator[tuple[str, Phrase, str | None]]:
        for one in self.people:
            yield one.name, FUNCTIONS.get(one.role) or Phrase(one.role, one.role), spaced(one.address)
        for name in self.witnesses:
            yield name, WITNESS, None

    def _lines(self) -> Iterator[str]:
        yield "密钥仪式记录  Record of a key ceremony"
        yield "=" * _WIDTH
        if self.instance.demonstration:
            yield "演示，无任何效力  Of a demonstration, without any effect"
        for name, said, exact in self._facts():
            if not exact:
                yield f"{name.zh} {name.en}  {'  '.join(said) or _LINE}"
                continue
            yield f"{name.zh} {name.en}"
            yield from (f"  {line[at : at + 72]}" for line in said for at in range(0, len(line), 72))
        yield ""
        yield from _folded(DECLARED.zh, 42)
        yield from _folded(DECLARED.en, 86)
        for person, role, key in self._signers():
            yield ""
            yield f"{person}  {role.zh} {role.en}"
            if key is not None:
                yield f"  {key}"
            yield f"  签名 Signature {_LINE}  日期 Date ____________"

    def _data(self) -> dict[str, Any]:
        """What the template reads."""
        return {
            "demo": self.instance.demonstration,
            "registry": {"name": self.instance.registry_name, "code": self.instance.registry_code},
            "made": self._made,
            "facts": [
                {"zh": name.zh, "en": name.en, "said": said, "exact": exact}
                for name, said, exact in self._facts()
            ],
            "declared": [DECLARED.zh, DECLARED.en],
            "people": [
                {"name": name, "role": [role.zh, role.en], "key": key} for name, role, key in self._signers()
            ],
        }


def _folded(text: str, width: int) -> Iterator[str]:
    """Lines of at most so many characters: between words where there are any."""
    if " " not in text:
        yield from (text[at : at + width] for at in range(0, len(text), width))
        return
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
