"""What a letter's author wrote: words without markup, and without what the letter quotes. Pure."""

import re
from dataclasses import dataclass

from lxml import etree, html

from support.mailroom.letters import CUT_LINE_EN, CUT_LINE_RU

_SILENT = ("script", "style", "head", "title", "template", "noscript")
_BREAKS = ("br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3", "h4", "hr")
_QUOTES = (
    re.compile(rf"(?i)^[>\s]*({re.escape(CUT_LINE_RU)}|{re.escape(CUT_LINE_EN)})"),
    re.compile(r"(?i)^-{2,}\s*(original message|исходное сообщение|пересылаемое сообщение)"),
    re.compile(r"(?i)^.{0,200}\b(написал\(?а?\)?|пишет|пишут|wrote)\s*:\s*$"),
)
#: Outlook quotes with a block of headers; two of them in a row are one.
_HEADER_LINE = re.compile(r"(?i)^\s*\**(от|кому|отправлено|тема|from|to|sent|subject)\**\s*:")


@dataclass(frozen=True)
class Written:
    """The author's own words, and everything below them, kept and folded away."""

    words: str
    quoted: str


def split(text: str) -> Written:
    """What stands above the first quotation; a letter that begins with one is kept whole."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    tail = _quoted_tail(lines)
    at = next((number for number in range(tail) if _is_quote(lines, number)), tail)
    words = "\n".join(lines[:at]).strip()
    if not words:
        return Written(text.strip(), "")
    return Written(words, "\n".join(lines[at:]).strip())


def from_html(page: str) -> str:
    """The words of a web page, each block on a line of its own."""
    try:
        # Bytes, as a page that names another charset than it has would be refused as text.
        parser = html.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=False)
        root = html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.LxmlError, ValueError, RecursionError):
        return re.sub(r"<[^>]{0,2000}>", " ", page)
    etree.strip_elements(root, *_SILENT, with_tail=False)
    for element in root.iter(*_BREAKS):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
    lines = (" ".join(line.split()) for line in "".join(root.itertext()).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _quoted_tail(lines: list[str]) -> int:
    """Where what is quoted to the end begins; a quotation in the middle is a part of the answer."""
    at = len(lines)
    while at and (lines[at - 1].startswith(">") or not lines[at - 1].strip()):
        at -= 1
    return at


def _is_quote(lines: list[str], number: int) -> bool:
    line = lines[number][:400]
    if any(pattern.match(line) for pattern in _QUOTES):
        return True
    following = lines[number + 1][:400] if number + 1 < len(lines) else ""
    return bool(_HEADER_LINE.match(line) and _HEADER_LINE.match(following))
