"""Pictures written as PNG: 24 bits a pixel, which is all a thumbnail needs. Pure."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRUECOLOUR = 2


def png(width: int, height: int, rows: list[bytes]) -> bytes:
    """A PNG file of rows of red, green and blue bytes, from the top."""
    header = struct.pack(">IIBBBBB", width, height, 8, _TRUECOLOUR, 0, 0, 0)
    # Filter 0 before every row: the rows stand as they are.
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"".join(
        [_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")]
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
