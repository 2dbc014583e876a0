"""The registry's private keys behind one interface (D10): encrypted files by default, PKCS#11 some day."""
