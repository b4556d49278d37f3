"""Files of a web form, each judged by its content before anything is stored."""

from collections.abc import Iterable, Iterator

from werkzeug.datastructures import FileStorage

from storage.refusals import RefusedError
from support.attachments.content import FILE_BYTES_MAX, MIB, Accepted, inspect, says_picture

#: A form with its files: what a message may hold, and room for the rest of the form.
FORM_BYTES_MAX = 52 * MIB
#: Files of one form. A small picture may be slow to draw, so they are counted before any is.
FILES_MAX = 10


class TooManyFilesError(RefusedError):
    code = "form-files"
    field = "files"
    ru = "Файлов не больше {count}."
    en = "At most {count} files."


def accepted(files: Iterable[FileStorage], limit: int = FILES_MAX) -> list[Accepted]:
    """The files that were chosen; raises AttachmentError for the first that is not taken.

    Raises TooManyFilesError before it looks into any.
    """
    return [inspect(name, data) for name, data in _read(files, limit)]


def check_at_once(files: Iterable[FileStorage], limit: int = FILES_MAX) -> None:
    """Raise what `accepted` would, but for pictures: those take time to draw.

    For a form that comes back anyway: its sender learns now, not the next time.
    """
    for name, data in _read(files, limit):
        if not says_picture(data):
            inspect(name, data)


def _read(files: Iterable[FileStorage], limit: int) -> Iterator[tuple[str, bytes]]:
    chosen = [file for file in files if file.filename]
    if len(chosen) > limit:
        raise TooManyFilesError(count=limit)
    for file in chosen:
        # One byte past the limit is enough to know that a file is too large.
        yield file.filename or "", file.stream.read(FILE_BYTES_MAX + 1)
