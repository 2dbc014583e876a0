"""The registry's private keys behind one interface (D10): encrypted files, PKCS#11 tokens for some.

Nothing is imported here: the workers of an import of consents need `sm4` alone, and start in half the time.
"""
