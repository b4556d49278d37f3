"""Papers that people print and sign: PDF and DOCX in Russian and English, with a QR code."""
