"""Files of a web form, each judged by its content before anything is stored."""

from collections.abc import Iterable

from werkzeug.datastructures import FileStorage

from storage.refusals import RefusedError
from support.attachments.content import FILE_BYTES_MAX, MIB, Accepted, inspect

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
    chosen = [file for file in files if file.filename]
    if len(chosen) > limit:
        raise TooManyFilesError(count=limit)
    # One byte past the limit is enough to know that a file is too large.
    read = ((file.filename or "", file.stream.read(FILE_BYTES_MAX + 1)) for file in chosen)
    return [inspect(name, data) for name, data in read]
