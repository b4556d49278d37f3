"""N-4: requests of the same User about the same phone and the same symptom that are still open."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support.requests.models import RequestDevice, SupportRequest
from support.sla.log import State

_OPEN = (State.NEW, State.OPEN, State.WAITING_CUSTOMER, State.WAITING_RMA_INBOUND)


def earlier(session: Session, request: SupportRequest) -> Sequence[SupportRequest]:
    """The open requests that this one repeats, the oldest first.

    The same User is the same address or the same organisation. A closed or resolved request is
    never repeated: the fault came back, and that is a new one.
    """
    if not request.serials:
        return ()
    same_phone = select(RequestDevice.request_id).where(RequestDevice.serial.in_(request.serials))
    query = select(SupportRequest).where(
        SupportRequest.id < request.id,
        SupportRequest.id.in_(same_phone),
        SupportRequest.symptom == request.symptom,
        SupportRequest.state.in_(_OPEN),
    )
    found = session.scalars(query.order_by(SupportRequest.id)).all()
    return [one for one in found if _same_user(one, request)]


def _same_user(one: SupportRequest, other: SupportRequest) -> bool:
    if one.contact_email and one.contact_email == other.contact_email:
        return True
    return one.organisation_id is not None and one.organisation_id == other.organisation_id
