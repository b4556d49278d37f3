"""What keeps a web form from being a request: all of it at once, so that nobody sends it thrice."""

from collections.abc import Mapping

from storage.refusals import RefusedError
from support.personal_data.consents import ConsentError
from support.requests import messages, new_request
from support.requests.new_request import NewRequest
from support.requests.refused import MessageTextError, SenderNameError

#: The fields that may be at fault, as they stand in the form.
FIELDS = ("subject", "text", "files", "name", "email", "read_rules", "consent")


def faults(new: NewRequest, *, consents: bool) -> Mapping[str, RefusedError]:
    """What is missing or wrong, by the form's fields and in their order; `consents` as ticked."""
    found = {one.field or "": one for one in new_request.faults(new, new.came_at)}
    if not new.contact.name:
        found.setdefault("name", SenderNameError())
    try:
        messages.clean(new.text)
    except MessageTextError as error:
        found["text"] = error
    if not consents:
        found["consent"] = ConsentError()
    return {name: found[name] for name in sorted(found, key=FIELDS.index)}
