"""Small real PDF files, made by hand: pages with a line of Russian or English each, and a bomb."""

import zlib
from collections.abc import Sequence

_MAP = "".join(
    f"<{code:02x}> <{ord(bytes([code]).decode('cp1251')):04x}>\n"
    for code in range(32, 256)
    if code != 0x98
)
_TO_UNICODE = (
    "/CIDInit /ProcSet findresource begin begincmap /CMapName /C def\n"
    f"1 begincodespacerange <00> <ff> endcodespacerange\n223 beginbfchar\n{_MAP}endbfchar\n"
    "endcmap end"
)


def pdf(pages: Sequence[str]) -> bytes:
    """A PDF with these pages; their letters are those of Windows-1251."""
    streams = [
        b"BT /F1 12 Tf 72 720 Td <" + page.encode("cp1251").hex().encode() + b"> Tj ET"
        for page in pages
    ]
    return _document(streams)


def bomb() -> bytes:
    """A small PDF whose page draws without an end that anyone would wait for."""
    return _document([b"q 1 0 0 1 0 0 cm " + b"0 0 m 500 500 l 7 900 l 300 1 l f* " * 4_000_000])


def _document(streams: Sequence[bytes]) -> bytes:
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(streams)))
    unicode = 4 + 2 * len(streams)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 32 /LastChar 255"
        + f" /ToUnicode {unicode} 0 R >>".encode(),
    ]
    for number, stream in enumerate(streams):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            b" /Resources << /Font << /F1 3 0 R >> >>"
            + f" /Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(_stream(stream))
    objects.append(_stream(_TO_UNICODE.encode()))
    return _file(objects)


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
    return head + packed + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    made = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    made += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    made += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n".encode()
    return bytes(made + f"startxref\n{start}\n%%EOF\n".encode())
