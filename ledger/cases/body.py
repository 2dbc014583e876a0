"""From an application to the body of its certificate (R13, S6.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yinzheng.ledger.document.fonts import require_printable
from yinzheng.ledger.dossiers.application import Application
from yinzheng.ledger.rules.certificates import valid_until
from yinzheng.ledger.rules.levels import require_scheme
from yinzheng.ledger.rules.profiles import Profile
from yinzheng.ledger.rules.terms import Importance, Procedure
from yinzheng.ledger.state.instance import Instance
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.formats.certificate import encode_qr


def certificate_body(
    application: Application,
    instance: Instance,
    profile: Profile,
    number: str,
    registered_at: int,
    prev: bytes,
    procedure: Procedure,
    importance: str = "",
    remarks: Sequence[dict[str, str]] = (),
) -> Body:
    """The body that would be registered at `registered_at` after the statement `prev` (a leaf hash).

    `procedure` is the one decided (R8), `importance` what the data was decided to be (R23) or empty.
    """
    optional: dict[str, Any] = {}
    if application.notices:
        optional["notices"] = [leaf.hex() for leaf in application.notices]
    if importance:
        optional["importance"] = importance
    if instance.authority:
        optional["authority"] = instance.authority
    return parse_body(
        {
            "v": 1,
            "number": number,
            "type": "first",
            "profile": profile.tag,
            "procedure": procedure.value,
            "holders": [
                {"name": h.name, "code": h.code, "rights": [right.value for right in h.rights]}
                for h in application.holders
            ],
            "limits": application.limits,
            "asset": application.asset.name,
            "class": application.data_class.value,
            "level": {"scheme": application.level_scheme, "value": application.level},
            "source": application.source.value,
            "scale": application.scale,
            "registry": {"name": instance.registry_name, "code": instance.registry_code},
            "registered_at": registered_at,
            "valid_until": valid_until(registered_at, application.validity_years, profile),
            "remarks": list(remarks),
            "prev": prev.hex(),
            **optional,
        }
    )


def require_certifiable(application: Application, instance: Instance, profile: Profile, now: int) -> None:
    """Refuse at the door what could not become a certificate at the end, before anyone has worked on it.

    Raises `DataFault`: `font-missing-character` naming the characters, `certificate-too-large` where the
    holders do not fit a QR code, `level-scheme`.
    """
    require_scheme(profile, application.level_scheme)
    number = f"{instance.prefix}2000010001"
    body = certificate_body(
        application,
        instance,
        profile,
        number,
        now,
        bytes(32),
        application.procedure,
        Importance.IMPORTANT.value,
    )
    texts = [("asset.name", body.asset), ("limits", body.limits), ("scale", body.scale)]
    texts += [("level.scheme", body.level.scheme), ("authority", body.authority)]
    texts += [(f"holders[{i}].name", holder.name) for i, holder in enumerate(body.holders)]
    require_printable(texts)
    try:
        encode_qr(body, Sm2PrivateKey.generate(), instance.host)
    except UsageFault as fault:
        raise DataFault(
            "the certificate would not fit a QR code",
            code="certificate-too-large",
            hint="Shorten the holders' names, or apply for fewer holders at once; nothing was recorded.",
        ) from fault
