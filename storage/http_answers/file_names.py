"""Names under which files are saved: Content-Disposition (RFC 6266, RFC 8187). Pure.

Two names go out: the true one in UTF-8 for browsers, and an ASCII one for everything else, with
Cyrillic transliterated so that a person still knows the file.
"""

import unicodedata
from functools import lru_cache
from urllib.parse import quote

_FALLBACK = "file"
_ATTR_CHARS = "!#$&+-.^_`|~"  # RFC 8187 attr-char, besides letters and digits
_SOUNDS = (
    "а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f "
    "х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya "
    "і=i ї=yi є=ye ґ=g ў=u ә=a ғ=g қ=k ң=n ө=o ұ=u ү=u һ=h"
)
# A quoted-string would need escapes for `"` and `%`, which browsers read differently (RFC 6266,
# appendix D); the separators come back out of full-width letters.
_SIGNS = "«=' »=' „=' “=' ”=' ‘=' ’=' –=- —=- \"=' %=_ /=_ \\=_"
_ASCII = dict(pair.split("=") for pair in f"{_SOUNDS} {_SIGNS}".split())


@lru_cache(maxsize=1024)
def content_disposition(name: str, *, inline: bool = False) -> str:
    """The header value that makes a client save (or show) the bytes as `name`, a bare file name."""
    kind = "inline" if inline else "attachment"
    true_name = clean_file_name(name)
    ascii_name = ascii_file_name(true_name)
    value = f'{kind}; filename="{ascii_name}"'
    if ascii_name == true_name:
        return value
    return f"{value}; filename*=UTF-8''{quote(true_name, safe=_ATTR_CHARS)}"


def clean_file_name(name: str) -> str:
    """`name` composed (NFC), without control and invisible characters, never a path."""
    composed = unicodedata.normalize("NFC", name)
    visible = "".join(" " if char.isspace() else char for char in composed if _is_kept(char))
    cleaned = visible.replace("/", "_").replace("\\", "_").strip()
    return cleaned if cleaned.strip(".") else _FALLBACK


def ascii_file_name(name: str) -> str:
    """An ASCII reading of `name`: Cyrillic by sound, accents dropped, anything else `_`."""
    spelled = "".join(_spelled(char) for char in clean_file_name(name))
    return clean_file_name(spelled)  # "ъ.." has become a path again


def _is_kept(char: str) -> bool:
    # Cc, Cf (direction overrides disguise a suffix), Cs (no UTF-8 form), Cn; spaces are mapped.
    return char.isspace() or not unicodedata.category(char).startswith("C")


def _spelled(char: str) -> str:
    lower = char.lower()
    if lower in _ASCII:
        sound = _ASCII[lower]
        return sound if char == lower else sound.capitalize()
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return "".join(_ASCII.get(part, part) for part in plain) or "_"
