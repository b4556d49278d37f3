"""What a file that came from outside really is, and what of it is kept.

The name and the sender's word decide nothing. Pictures are drawn anew, which takes away where they
were made (EXIF, GPS) and whatever hid behind the pixels. Archives are never unpacked: what they say
of themselves must be within bounds. Anything else than the kinds below is refused.
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass

from storage.refusals import RefusedError
from support.attachments import pictures

MIB = 1024 * 1024
FILE_BYTES_MAX = 15 * MIB
NAME_LENGTH_MAX = 120
ENTRIES_MAX = 200
UNPACKED_MAX = 100 * MIB
RATIO_MAX = 100
_TEXT_ENDINGS = ("txt", "log", "cfg", "conf", "ini", "csv", "xml", "json", "md")
_OFFICE = {
    "word/": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xl/": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_PCAP = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
_PCAPNG = b"\x0a\x0d\x0d\x0a"
#: How each entry of an archive's directory begins. To read a directory costs time and memory for
#: each of them, so one far past the bound is not read at all; what is packed may hold some too.
_ENTRY = b"PK\x01\x02"
_READ_MAX = 20 * ENTRIES_MAX
_NESTED = re.compile(r"\.(zip|7z|rar|gz|tgz|bz2|xz|tar|jar|iso|cab)$", re.IGNORECASE)


class AttachmentError(RefusedError):
    """One file was not taken; the rest of what was sent may be."""

    code = "attachment"
    field = "files"
    ru = "Файл «{name}» не принят."
    en = "The file “{name}” was not taken."


class AttachmentKindError(AttachmentError):
    code = "attachment-kind"
    ru = (
        "Файл «{name}» не принят: принимаются снимки (PNG, JPEG, WebP, GIF), PDF, тексты и журналы,"
        " DOCX, XLSX, ZIP и записи пакетов (pcap)."
    )
    en = (
        "The file “{name}” was not taken: pictures (PNG, JPEG, WebP, GIF), PDF, texts and logs,"
        " DOCX, XLSX, ZIP and packet captures (pcap) are."
    )


class AttachmentSizeError(AttachmentError):
    code = "attachment-size"
    ru = "Файл «{name}» не принят: он больше {limit} МБ."
    en = "The file “{name}” was not taken: it is larger than {limit} MB."


class AttachmentArchiveError(AttachmentError):
    code = "attachment-archive"
    ru = "Архив «{name}» не принят: {reason_ru}."
    en = "The archive “{name}” was not taken: {reason}."


class AttachmentPictureError(AttachmentError):
    code = "attachment-picture"
    ru = "Снимок «{name}» не принят: он повреждён."
    en = "The picture “{name}” was not taken: it is damaged."


class AttachmentLargePictureError(AttachmentError):
    code = "attachment-large-picture"
    ru = (
        "Снимок «{name}» не принят: в нём слишком много точек. Сохраните его как обычный JPEG"
        " (не прогрессивный) или уменьшите."
    )
    en = (
        "The picture “{name}” was not taken: it has too many points. Save it as a plain JPEG (not"
        " a progressive one), or make it smaller."
    )


@dataclass(frozen=True)
class Accepted:
    """A file that may be kept: its safe name, its true type and its bytes as they are kept."""

    name: str
    media_type: str
    data: bytes

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


def inspect(name: str, data: bytes) -> Accepted:
    """The file as it may be kept; raises AttachmentError."""
    shown = safe_name(name)
    if len(data) > FILE_BYTES_MAX:
        raise AttachmentSizeError(name=shown, limit=FILE_BYTES_MAX // MIB)
    if not data:
        raise AttachmentKindError(name=shown)
    if says_picture(data):
        return _picture(shown, data)
    if data.startswith(b"%PDF-"):
        return Accepted(_ending(shown, "pdf"), "application/pdf", data)
    if data.startswith(_PCAP):
        return Accepted(_ending(shown, "pcap"), "application/vnd.tcpdump.pcap", data)
    if data.startswith(_PCAPNG):
        return Accepted(_ending(shown, "pcapng"), "application/x-pcapng", data)
    if data.startswith(b"PK\x03\x04"):
        return _archive(shown, data)
    return _text(shown, data)


def says_picture(data: bytes) -> bool:
    """Whether it begins like a picture; whether it is one, only drawing it shows."""
    return data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8")) or data[8:12] == b"WEBP"


def safe_name(name: str) -> str:
    """A name that is one plain file name on every system; the same for NFC and NFD spellings."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(char for char in plain if char.isprintable() and char not in '<>:"|?*')
    stem, dot, ending = kept.strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    room = NAME_LENGTH_MAX - len(ending) - 1
    short = f"{stem[:room]}.{ending}" if ending and len(ending) < 10 else kept[:NAME_LENGTH_MAX]
    return short.strip(" .") or "file"


def _picture(name: str, data: bytes) -> Accepted:
    try:
        drawn = pictures.redrawn(data)
    except pictures.HeavyPictureError as error:
        raise AttachmentLargePictureError(name=name) from error
    except pictures.PictureError as error:
        raise AttachmentPictureError(name=name) from error
    return Accepted(_ending(name, drawn.ending), drawn.media_type, drawn.data)


def _archive(name: str, data: bytes) -> Accepted:
    if data.count(_ENTRY) > _READ_MAX:
        raise _too_many(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise AttachmentArchiveError(
            name=name, reason="it is damaged", reason_ru="он повреждён"
        ) from error
    _check_archive(name, entries, len(data))
    for folder, (ending, media_type) in _OFFICE.items():
        if any(entry.filename.startswith(folder) for entry in entries):
            if any(entry.filename.endswith("vbaProject.bin") for entry in entries):
                raise AttachmentArchiveError(
                    name=name, reason="it holds macros", reason_ru="в нём есть макросы"
                )
            return Accepted(_ending(name, ending), media_type, data)
    return Accepted(_ending(name, "zip"), "application/zip", data)


def _check_archive(name: str, entries: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX:
        raise _too_many(name)
    if unpacked > UNPACKED_MAX or unpacked > RATIO_MAX * size:
        raise AttachmentArchiveError(
            name=name, reason="it unpacks to too much", reason_ru="внутри слишком много данных"
        )
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        link = (entry.external_attr >> 16) & 0o170000 == 0o120000
        if ".." in parts or entry.filename.startswith(("/", "\\")) or link:
            raise AttachmentArchiveError(
                name=name, reason="a path leads out of it", reason_ru="путь ведёт наружу"
            )
        if _NESTED.search(entry.filename):
            raise AttachmentArchiveError(
                name=name, reason="an archive lies in it", reason_ru="внутри ещё один архив"
            )
        if entry.flag_bits & 1:
            raise AttachmentArchiveError(
                name=name, reason="it is locked with a password", reason_ru="он закрыт паролем"
            )


def _too_many(name: str) -> AttachmentArchiveError:
    return AttachmentArchiveError(
        name=name, reason="it holds too many files", reason_ru="в нём слишком много файлов"
    )


def _text(name: str, data: bytes) -> Accepted:
    """Plain text in UTF-8, UTF-16 or CP1251, kept as UTF-8; a web page or a script is none."""
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "cp1251"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise AttachmentKindError(name=name)
    if any(char < " " and char not in "\t\n\r\f\x1b" for char in text):
        raise AttachmentKindError(name=name)
    ending = name.rpartition(".")[2].lower()
    kept = name if ending in _TEXT_ENDINGS else f"{name}.txt"
    return Accepted(kept, "text/plain; charset=utf-8", text.encode())


def _ending(name: str, ending: str) -> str:
    """The name with the ending of what it is: a picture called setup.exe is setup.exe.png."""
    known = {"jpg": ("jpg", "jpeg"), "zip": ("zip",)}.get(ending, (ending,))
    return name if name.rpartition(".")[2].lower() in known else f"{name}.{ending}"
