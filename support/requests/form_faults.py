"""What keeps a web form from being a request: all of it at once, so that nobody sends it thrice."""

from collections.abc import Iterable, Mapping

from werkzeug.datastructures import FileStorage

from storage.refusals import RefusedError
from support.attachments import receiving
from support.personal_data.consents import ConsentError
from support.requests import messages, new_request
from support.requests.new_request import NewRequest
from support.requests.refused import MessageTextError, SenderNameError

#: The fields that may be at fault, as they stand in the form.
FIELDS = ("subject", "text", "files", "name", "email", "read_rules", "consent")


def faults(
    new: NewRequest, files: Iterable[FileStorage], *, consents: bool
) -> Mapping[str, RefusedError]:
    """What is missing or wrong, by the form's fields and in their order; `consents` as ticked."""
    found = {one.field or "": one for one in new_request.faults(new, new.came_at)}
    if not new.contact.name:
        found.setdefault("name", SenderNameError())
    try:
        messages.clean(new.text)
    except MessageTextError as error:
        found["text"] = error
    if found or not consents:
        # The form comes back: what is wrong with its files is said now as well.
        found |= _file_faults(files)
    if not consents:
        found["consent"] = ConsentError()
    return {name: found[name] for name in sorted(found, key=FIELDS.index)}


def _file_faults(files: Iterable[FileStorage]) -> Mapping[str, RefusedError]:
    try:
        receiving.check_at_once(files)
    except RefusedError as error:
        return {"files": error}
    return {}
