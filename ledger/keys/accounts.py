"""Our keys as eth_account knows accounts, wherever their secret is: they sign digests, and show nothing."""

from __future__ import annotations

from typing import Any, Protocol

from eth_account._utils.signing import sign_transaction_dict
from eth_account.datastructures import SignedMessage, SignedTransaction
from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount
from eth_account.types import Blobs, TransactionDictType
from eth_keys.datatypes import Signature
from eth_typing import ChecksumAddress, Hash32
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

from yinzheng.verifier.bytes.algorithms import keccak256


class SignsDigests(Protocol):
    """All that an account asks of a key."""

    address: bytes
    """20 bytes."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes: `r || s || v`, 65 bytes, v 0 or 1, low s."""


class KeyAccount(BaseAccount):
    """An account of eth_account's over a key that shows no secret.

    eth_account's own makes its key anew for each signature, which takes six times as long as to sign.
    """

    def __init__(self, key: SignsDigests) -> None:
        self._key = key
        self._address = to_checksum_address(key.address)

    @property
    def address(self) -> ChecksumAddress:
        """With checksum (EIP-55)."""
        return self._address

    def sign_message(self, signable_message: SignableMessage) -> SignedMessage:
        """Sign an EIP-191 message, of which EIP-712 is one version."""
        version, header, body = signable_message
        return self.unsafe_sign_hash(Hash32(keccak256(b"\x19" + version + header + body)))

    def unsafe_sign_hash(self, message_hash: Hash32) -> SignedMessage:
        """Sign 32 bytes, whatever they stand for."""
        signature = self._key.sign_digest(bytes(message_hash))
        v = signature[64] + 27
        return SignedMessage(
            message_hash=HexBytes(message_hash),
            r=int.from_bytes(signature[:32], "big"),
            s=int.from_bytes(signature[32:64], "big"),
            v=v,
            signature=HexBytes(signature[:64] + bytes([v])),
        )

    def sign_transaction(
        self, transaction_dict: TransactionDictType, blobs: Blobs | None = None
    ) -> SignedTransaction:
        """Sign a transaction; its `from`, if given, is not looked at."""
        fields: Any = {name: value for name, value in transaction_dict.items() if name != "from"}
        signer: Any = _HashSigner(self._key)
        v, r, s, encoded = sign_transaction_dict(signer, fields, blobs=blobs)
        raw = HexBytes(encoded)
        return SignedTransaction(raw_transaction=raw, hash=HexBytes(keccak256(raw)), r=r, s=s, v=v)


class _HashSigner:
    """All that eth_account asks of a private key when it signs a transaction."""

    def __init__(self, key: SignsDigests) -> None:
        self._key = key

    def sign_msg_hash(self, message_hash: bytes) -> Signature:
        return Signature(self._key.sign_digest(message_hash))
