"""What is said, Chinese and English, of whatever a holder signs (S21.3): titles, and how its key stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.words.phrase import Phrase

OF_HOLDER: Final[Mapping[int, Phrase]] = {
    11: Phrase("机构的登记记录完整且在日志中", "Organisation's statements are whole and in the log"),
    12: Phrase("链上为同一密钥，且其后无变动", "The chain names this key, and no later change"),
    13: Phrase("该密钥当时有效", "The key was in force"),
    14: Phrase("权利人的签名", "Holder's signature"),
}
"""Titles of the obligations about a holder's key."""

STANDINGS: Final[Mapping[str, Phrase]] = {
    "signature_wrong": Phrase("签名不成立：不是该权利人的密钥所签", "The holder's key did not sign this"),
    "key_unknown": Phrase(
        "签名的密钥不是该机构的密钥", "It is signed with a key that organisation never had"
    ),
    "key_lost": Phrase(
        "签名的密钥已报失或泄露", "It was signed with a key that was reported lost or compromised"
    ),
    "key_over": Phrase("签名的密钥已更换或到期", "It was signed with a key that was replaced or has expired"),
    "key_early": Phrase("签名的密钥尚未生效", "It was signed with a key that is not in force yet"),
    "not_enrolled": Phrase(
        "签名的机构未登记为权利人", "The organisation that signed is not enrolled as a holder"
    ),
    "not_a_holder": Phrase("签名者不是该证书的权利人", "Who signed is not a holder of this certificate"),
    "holder_forged": Phrase(
        "关于签名机构的证明不成立", "Forged: a proof about the organisation that signed failed"
    ),
    "holder_open": Phrase(
        "无法判定签名的密钥现在是否有效", "Cannot be determined whether that key is the holder's now"
    ),
    "certificate_forged": Phrase("证书是伪造的或被篡改", "The certificate is forged or altered"),
    "certificate_open": Phrase(
        "证书本身或其现状无法判定", "The certificate, or how it stands now, cannot be determined"
    ),
}
"""How it stands where the holder of a right in force did not sign, or that is not known."""

ADVICE: Final[Mapping[str, Phrase]] = {
    "not_in_force": Phrase("不得依据该证书行事。", "Do not rely on the certificate."),
    "certificate_forged": Phrase("不要依据它行事，请保留原件。", "Do not rely on it; keep what was shown."),
    "certificate_open": Phrase(
        "请提供证书原件，或联网核验后再试。",
        "Give the certificate's own file, or ask a ledger, then try again.",
    ),
    "holder_open": Phrase(
        "请向登记机构索取该机构最新的密钥证明（holder.json），或联网核验。",
        "Get the organisation's newest holder.json from the registry, or ask a ledger.",
    ),
}
