import struct
import zlib

from docs_store.png import png


def test_png_holds_the_pixels_it_was_given() -> None:
    rows = [bytes([255, 0, 0, 0, 255, 0]), bytes([0, 0, 255, 9, 9, 9])]
    made = png(2, 2, rows)
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", made[16:24]) == (2, 2)
    start = made.index(b"IDAT")
    length = struct.unpack(">I", made[start - 4 : start])[0]
    body = made[start + 4 : start + 4 + length]
    assert zlib.decompress(body) == b"\0" + rows[0] + b"\0" + rows[1]
    assert struct.unpack(">I", made[start + 4 + length :][:4])[0] == zlib.crc32(b"IDAT" + body)
