"""Files of a web form, each judged by its content before anything is stored."""

from collections.abc import Iterable

from werkzeug.datastructures import FileStorage

from support.attachments.content import FILE_BYTES_MAX, MIB, Accepted, inspect

#: A form with its files: what a message may hold, and room for the rest of the form.
FORM_BYTES_MAX = 52 * MIB


def accepted(files: Iterable[FileStorage]) -> list[Accepted]:
    """The files that were chosen; raises AttachmentError for the first that is not taken."""
    # One byte past the limit is enough to know that a file is too large.
    read = ((file.filename or "", file.stream.read(FILE_BYTES_MAX + 1)) for file in files)
    return [inspect(name, data) for name, data in read if name]
