"""How many signed PDFs pyHanko validates in a second of the processor (`peers.py`).

Runs in an environment of its own.
"""

from __future__ import annotations

import datetime
import io
import logging
import time

from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import ArrayObject, NumberObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

SECONDS = 3


def signed_pdf() -> tuple[bytes, x509.Certificate]:
    """One empty page, signed over P-256 by a certificate of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, True, False, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    signer = SimpleSigner.load_pkcs12_data(
        pkcs12.serialize_key_and_certificates(b"bench", key, certificate, None, serialization.NoEncryption()),
        other_certs=[],
    )
    writer = PdfFileWriter()
    media = ArrayObject(map(NumberObject, (0, 0, 595, 842)))
    writer.insert_page(PageObject(contents=writer.add_object(StreamObject(stream_data=b"")), media_box=media))
    page = io.BytesIO()
    writer.write(page)
    out = sign_pdf(IncrementalPdfFileWriter(page), PdfSignatureMetadata(field_name="Signature"), signer)
    return out.getvalue(), certificate


def main() -> None:
    """Print the rate."""
    logging.disable(logging.CRITICAL)
    data, certificate = signed_pdf()
    root = Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    count, begin = 0, time.process_time()
    while (taken := time.process_time() - begin) < SECONDS:
        signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[0]
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
        if not (status.intact and status.valid and status.trusted):
            raise SystemExit("pyHanko refuses what it signed")
        count += 1
    print(count / taken)


if __name__ == "__main__":
    main()
