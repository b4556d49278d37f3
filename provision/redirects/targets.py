"""The address of a partner's server, as a phone may be sent to it (pure).

This server never asks that address; the phone does. So what counts is that the phone's secrets go
over TLS to a host in the open, and that the address carries none itself.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from storage.refusals import RefusedError

URL_LENGTH_MAX = 200
#: May stand in the path; the phone's own MAC takes its place.
MAC_PLACE = "{mac}"
_ALLOWED = re.compile(r"[A-Za-z0-9:/.\[\]_~%!$&'()*+,;=@?#-]+", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?", re.ASCII)
_INNER_ENDINGS = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "home.arpa")


class BadTargetError(RefusedError):
    code = "bad-redirect-address"
    field = "url"
    ru = "Адрес сервера не годится: {reason_ru}."
    en = "The server's address cannot be used: {reason_en}."


@dataclass(frozen=True)
class RedirectOptions:
    """`allow_inner`: phones may be sent to private networks and this machine."""

    allow_inner: bool = False


def checked(text: str, options: RedirectOptions) -> str:
    """The address without a slash at its end; raises BadTargetError."""
    url = text.strip().rstrip("/")
    if not 0 < len(url) <= URL_LENGTH_MAX or not _ALLOWED.fullmatch(url.replace(MAC_PLACE, "")):
        raise _bad("до 200 знаков, без пробелов и кириллицы", "200 plain characters at most")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _bad("порт или хост записан неверно", "its host or port is written wrong") from None
    if parts.scheme.lower() != "https" or MAC_PLACE in parts.netloc:
        raise _bad("нужен https://", "it begins with https://")
    if "@" in parts.netloc:
        raise _bad("имя и пароль в адресе видны всем", "anybody can read a name and password in it")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise _bad("без ? и #", "it has no ? and no #")
    if port == 0 or parts.netloc.endswith(":"):
        raise _bad("порт записан неверно", "its port is written wrong")
    if "//" in parts.path or {".", ".."} & set(parts.path.split("/")) or "%" in parts.path:
        raise _bad("в пути нет //, .. и %", "its path has no //, no .. and no %")
    _check_host(host, options)
    return url


def for_phone(url: str, mac: str) -> str:
    """The address that one phone is told."""
    return url.replace(MAC_PLACE, mac)


def _check_host(host: str, options: RedirectOptions) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        _check_name(host, options)
        return
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    seen = mapped or address
    if seen.is_multicast or seen.is_unspecified or seen.is_link_local:
        raise _bad("это не адрес сервера", "it is no server's address")
    if not seen.is_global and not options.allow_inner:
        raise _inner()


def _check_name(host: str, options: RedirectOptions) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad("имя хоста записано неверно", "the host's name is written wrong")
    # 127.1, 0x7f.1 and 2130706433 are addresses to some phones.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise _bad("имя хоста записано неверно", "the host's name is written wrong")
    inner = len(labels) == 1 or any(
        host == end or host.endswith(f".{end}") for end in _INNER_ENDINGS
    )
    if inner and not options.allow_inner:
        raise _inner()


def _inner() -> BadTargetError:
    return _bad("это адрес внутренней сети", "it is an address of an inner network")


def _bad(ru: str, en: str) -> BadTargetError:
    return BadTargetError(reason_ru=ru, reason_en=en)
