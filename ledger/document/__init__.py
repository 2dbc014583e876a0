"""The certificate as a document: PDF page for people, QR code for machines."""
