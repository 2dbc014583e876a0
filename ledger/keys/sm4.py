"""SM4-GCM (GB/T 32907, RFC 8998 section 3.1): 16-byte key, 12-byte nonce, 16-byte tag after the text."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from yinzheng.verifier.errors import DataFault

KEY_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Ciphertext and tag. A nonce never serves twice under one key. Lets other threads run meanwhile."""
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(associated)
    text = encryptor.update(plaintext)
    encryptor.finalize()
    return text + encryptor.tag


def decrypt(key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext again; `DataFault` `seal-broken` under a wrong key or context, or if altered."""
    if len(sealed) >= TAG_BYTES:
        decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
        decryptor.authenticate_additional_data(associated)
        try:
            return decryptor.update(memoryview(sealed)[:-TAG_BYTES]) + decryptor.finalize()
        except InvalidTag:
            pass
    raise DataFault(
        "sealed bytes do not open: the key is another, or they were altered or moved",
        code="seal-broken",
        hint="restore them from a backup",
    )
