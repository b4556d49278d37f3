"""Takes secrets out of whatever leaves the house: known ones in every usual spelling (pure).

A phone may tell a secret back in its log, its page or its network names: so texts are searched for
the secrets themselves, and not only for the places where they should stand.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

HIDDEN = "•••"
#: Shorter secrets hide only whole words: "12" inside "127.0.0.1" is no secret.
ANYWHERE_FROM = 6
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}")
_ADDRESS_TOKEN = re.compile(r"(?<=/p/)[A-Za-z0-9_-]{22,128}(?=/)")
#: Whatever its value: a phone's log may hold secrets that we were never told.
_NAMED = re.compile(
    r"""(?ix)
    (?P<name> (?: password | passwd | passphrase | secret | token | community | api[_-]?key
        | authkey | privkey | \bpin ) ["']? \s{0,8} [=:] \s{0,8} ["']? )
    (?P<hidden> [^\s"',;<>&]+ )"""
)
_HEADER = re.compile(
    r"(?im)(?P<name>\b(?:proxy-)?authorization\s{0,8}[:=]\s{0,8}(?:basic|bearer|digest)?\s{0,8})(?P<hidden>.+)$"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL
)


@dataclass(frozen=True)
class Secrets:
    """What must not be seen: texts, the users they go with, and digests (SHA-256) of tokens."""

    texts: frozenset[str] = field(default=frozenset(), repr=False)
    users: frozenset[str] = frozenset()
    token_digests: frozenset[str] = frozenset()


def redactor(secrets: Secrets) -> Callable[[str], str]:
    """A function that takes these secrets, and what is named like one, out of a text."""
    patterns = [re.escape(one) for one in _spellings(secrets)]
    known = re.compile("|".join(patterns)) if patterns else None

    def redacted(text: str) -> str:
        if known is not None:
            text = known.sub(HIDDEN, text)
        text = _short(text, secrets.texts)
        text = _KEY_BLOCK.sub(HIDDEN, text)
        text = _ADDRESS_TOKEN.sub(HIDDEN, text)
        text = _TOKEN.sub(lambda word: _unless_token(word[0], secrets.token_digests), text)
        text = _HEADER.sub(rf"\g<name>{HIDDEN}", text)
        return _NAMED.sub(rf"\g<name>{HIDDEN}", text)

    return redacted


def redact_tree(value: object, redacted: Callable[[str], str]) -> object:
    """Lists, mappings and texts inside each other with every text redacted."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(str(key)): redact_tree(part, redacted) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [redact_tree(part, redacted) for part in value]
    return value


def _spellings(secrets: Secrets) -> list[str]:
    """Every form of the longer secrets, the longest first, as one may hold another."""
    long = [text for text in secrets.texts if len(text) >= ANYWHERE_FROM]
    forms = {form for text in long for form in _forms(text)}
    forms |= set(_in_base64(secrets.texts, secrets.users))
    return sorted(forms, key=len, reverse=True)


def _forms(text: str) -> Iterator[str]:
    yield text
    yield quote(text, safe="")
    yield quote(text)
    yield quote_plus(text)
    yield html.escape(text)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.replace("\\", "\\\\").replace('"', '\\"')
    yield text.encode().hex()


def _in_base64(texts: Iterable[str], users: Collection[str]) -> Iterator[str]:
    for text in texts:
        for user in users:
            yield base64.b64encode(f"{user}:{text}".encode()).decode()
        if len(text) >= ANYWHERE_FROM:
            yield base64.b64encode(text.encode()).decode()


def _short(text: str, texts: Iterable[str]) -> str:
    for one in texts:
        if one and len(one) < ANYWHERE_FROM:
            text = re.sub(rf"(?<![\w.]){re.escape(one)}(?![\w.])", HIDDEN, text)
    return text


def _unless_token(word: str, digests: frozenset[str]) -> str:
    return HIDDEN if hashlib.sha256(word.encode()).hexdigest() in digests else word
