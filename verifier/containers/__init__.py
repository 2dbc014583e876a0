"""How documents travel: certificate and receipt files, PDFs, pictures with a QR code."""
