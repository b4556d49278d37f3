"""Reading the path a phone asks for (pure): generous in spelling, deaf to everything else.

No text from a request is ever joined to a folder: a path either has one of the known shapes, and
yields its named parts, or it is nothing.
"""

import re
from dataclasses import dataclass

PATH_LENGTH_MAX = 512

_PLACEHOLDERS = {
    # Any spelling; MacAddress decides whether it names a device.
    "mac": r"[0-9A-Fa-f]{2}(?:[:._-]?[0-9A-Fa-f]{2}){5}",
    # 128 bits or more in base64url; shorter words in its place are never tokens.
    "token": r"[A-Za-z0-9_-]{22,128}",
    "product": r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}",
    # The number of a product in a file's name; the family file says which product.
    "code": r"[0-9A-Za-z]{1,8}",
    "name": r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
}
_ABSOLUTE_FORM = re.compile(r"https?://[^/?]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%(..?)?", re.DOTALL)
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
# Control characters, DEL and the backslash that some servers take for a slash.
_NEVER = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class ReadPath:
    """A path with single slashes, percent-decoded once, and its query, decoded once too."""

    path: str
    query: str


def read_path(raw: str) -> ReadPath | None:
    """What the request target says, or None for one that no phone sends. Never raises."""
    if len(raw) > PATH_LENGTH_MAX or not raw.isascii():
        return None
    path, _, query = _ABSOLUTE_FORM.sub("", raw, count=1).partition("?")
    # A slash that hides in an escape would split segments after they were told apart.
    if re.search(r"%(?:2f|5c|00)", path, re.IGNORECASE):
        return None
    decoded, decoded_query = _decoded(path), _decoded(query)
    if decoded is None or decoded_query is None or _NEVER.search(decoded + decoded_query):
        return None
    segments = [segment for segment in decoded.split("/") if segment not in {"", "."}]
    if ".." in segments:
        return None
    return ReadPath("/" + "/".join(segments), decoded_query)


def path_pattern(shape: str) -> re.Pattern[str]:
    """The pattern of a shape such as `/p/{token}/{mac}.cfg`; ValueError for an unknown part."""
    pattern = ""
    for at, part in enumerate(re.split(r"\{(\w+)\}", shape)):
        if at % 2 == 0:
            pattern += f"(?i:{re.escape(part)})"
        elif part in _PLACEHOLDERS:
            pattern += f"(?P<{part}>{_PLACEHOLDERS[part]})"
        else:
            raise ValueError(f"{{{part}}} is none of {', '.join(_PLACEHOLDERS)}")
    return re.compile(pattern, re.ASCII)


def _decoded(text: str) -> str | None:
    """`text` with its escapes replaced once as Latin-1, or None for a broken escape."""
    if any(not _HEX_PAIR.fullmatch(pair or "") for pair in _ESCAPE.findall(text)):
        return None
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)
