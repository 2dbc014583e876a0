"""How a registry is reached, as its policy tells (S8.1): for questions and complaints, never for trust.

Whoever hands over a policy wrote it. To compare a fingerprint (S8.3), a number found elsewhere is needed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.canonical import JSON, Check, object_of
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import check_plain


@dataclass(frozen=True, slots=True)
class Contact:
    """Ways to reach a registry, each a text of 1 to 100 characters; None where it names none."""

    telephone: str | None = None
    email: str | None = None
    address: str | None = None
    complaints: str | None = None
    """Who takes complaints about it: an office, with how to reach that."""

    def to_json(self) -> dict[str, JSON]:
        """As in S8.1: what it names."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def check_contact(value: object, path: str) -> Contact:
    """Read a contact, strictly. Raises `DataFault` `contact-empty` where it names nothing, `field-…`."""
    named = _MEMBERS(value, path)
    if all(text is None for text in named.values()):
        raise DataFault(f"{path} names no way to reach the registry", code="contact-empty", path=path)
    return Contact(**named)


def contact_of(**ways: str | None) -> Contact | None:
    """The contact of these, as `Contact` names them, without space around; None where none is given.

    Raises `UsageFault` `contact-blank` where one says nothing, and as `check_contact`.
    """
    given = {name: text.strip() for name, text in ways.items() if text is not None}
    for name, text in given.items():
        if not text:
            raise UsageFault(
                f"the {name} is blank",
                code="contact-blank",
                hint="Write how the registry is reached, or leave the option out.",
            )
    return check_contact(given, "contact") if given else None


_TEXT: Final = check_plain(1, 100)
_NAMES: Final = ("telephone", "email", "address", "complaints")
_MEMBERS: Final[Check[dict[str, Any]]] = object_of({}, dict.fromkeys(_NAMES, _TEXT))
