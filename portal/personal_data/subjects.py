"""How people call the things that are held, and the staff pages where they stand."""

import re

from flask import url_for
from flask_babel import gettext as _

_PART = re.compile(r"request:(\d+)/(?:message|file):(\d+)")


def told(subject: str) -> str:
    """The name of a thing by its subject: «Обращение № 12», "Letter No. 9"."""
    kind, _sep, number = subject.partition(":")
    if found := _PART.fullmatch(subject):
        texts = {"message": _("message"), "file": _("file")}
        part = texts["file" if "/file:" in subject else "message"]
        request = _("Request No. %(number)s", number=found[1])
        return f"{request}, {part} {found[2]}"
    names = {
        "request": _("Request No. %(number)s", number=number),
        "repair": _("Repair %(number)s", number=number),
        "repair-photo": _("Photo of a repair No. %(number)s", number=number),
        "subject-request": _("Request about personal data No. %(number)s", number=number),
        "parcel": _("Parcel without an act No. %(number)s", number=number),
        "letter": _("Letter No. %(number)s", number=number),
        "outgoing-letter": _("Sent letter No. %(number)s", number=number),
        "consent": _("Consent No. %(number)s", number=number),
        "account": _("Account No. %(number)s", number=number),
        "certificate-order": _("Order of a certificate No. %(number)s", number=number),
        "certificate-reminder": _("Reminder of a certificate %(number)s", number=number),
        "contact-of-organisation": _("Contact of organisation No. %(number)s", number=number),
    }
    return str(names.get(kind, subject))


def page_of(subject: str) -> str:
    """The address of the staff page where it stands; empty where there is none."""
    kind, _sep, number = subject.partition(":")
    number = number.partition("/")[0]
    if kind == "request" and number.isdecimal():
        return url_for("requests_desk.request_page", number=int(number))
    if kind == "subject-request":
        return url_for("subject_requests.request_page", number=int(number))
    if kind == "repair":
        return url_for("repair_board.board_page", q=number)
    if kind == "certificate-order":
        return url_for("certificate_desk.orders")
    return ""
