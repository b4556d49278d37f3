"""What a letter says, as a message of a request: its words, its files, and what was left out."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from support.attachments import content
from support.attachments.content import Accepted, AttachmentError
from support.mailroom import plain_text
from support.mailroom.parsing import IncomingLetter
from support.requests import taking_files
from support.requests.messages import TEXT_MAX, Text
from support.requests.taking_files import FILES_MAX, FilesError, QuotaError

NO_TEXT = "(в письме нет текста)"


def message(session: Session, letter: IncomingLetter, remarks: list[str], now: datetime) -> Text:
    """The author's words with the files that are taken; what is left out stands in the remark."""
    written = plain_text.split(letter.text)
    plain = written.words.expandtabs(4)
    words = "".join(char for char in plain if char.isprintable() or char == "\n").strip()
    if len(words) > TEXT_MAX:
        remarks.append(f"Показаны первые {TEXT_MAX} знаков.")
    if not letter.is_whole:
        remarks.append("Письмо слишком велико: разобраны только заголовки.")
    files = _files(session, letter, remarks, now)
    return Text(
        words=words[:TEXT_MAX].strip() or NO_TEXT,
        quoted=written.quoted,
        remark=" ".join(remarks),
        files=files,
    )


def language(letter: IncomingLetter) -> str:
    """Russian unless the letter has words and none of them is in Cyrillic letters."""
    said = f"{letter.subject} {letter.text[:5000]}"
    latin, cyrillic = re.search("[A-Za-z]", said), re.search("[А-Яа-яЁё]", said)
    return "en" if latin and not cyrillic else "ru"


def _files(
    session: Session, letter: IncomingLetter, remarks: list[str], now: datetime
) -> Sequence[Accepted]:
    taken: list[Accepted] = []
    for file in letter.files:
        try:
            taken.append(content.inspect(file.name, file.data))
        except AttachmentError as error:
            remarks.append(error.text("ru"))
    if len(taken) > FILES_MAX:
        remarks.append(f"Взяты первые {FILES_MAX} файлов.")
    try:
        taking_files.check(session, taken[:FILES_MAX], letter.sender, now)
    except (FilesError, QuotaError) as error:
        remarks.append(error.text("ru"))
        return ()
    return taken[:FILES_MAX]
