"""The registry's private keys behind one interface (D10): encrypted files, PKCS#11 tokens for some."""

from ledger.keys.keystore import Keystore
from ledger.keys.passphrase import create_passphrase_file, find_passphrase
from ledger.keys.provider import (
    ADMIN,
    ISSUER,
    KEK,
    KINDS,
    LOG_ED25519,
    LOG_SM2,
    RELAY,
    VALIDATOR,
    EthereumKey,
    KeyProvider,
    KeyWrapper,
    Kind,
    person_key,
)

__all__ = [
    "ADMIN",
    "ISSUER",
    "KEK",
    "KINDS",
    "LOG_ED25519",
    "LOG_SM2",
    "RELAY",
    "VALIDATOR",
    "EthereumKey",
    "KeyProvider",
    "KeyWrapper",
    "Keystore",
    "Kind",
    "create_passphrase_file",
    "find_passphrase",
    "person_key",
]
