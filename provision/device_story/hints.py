"""What a call that proved nothing shows of the reason, for people who look into it (pure).

The caller is told none of it.
"""

from enum import StrEnum


class Hint(StrEnum):
    """Why a proof that was tried came to nothing.

    LETTER_CASE: its token is written in letters of one case only. CERTIFICATE: it showed one that
    is over, revoked, of another phone, or signed by somebody else.
    """

    LETTER_CASE = "letter-case"
    CERTIFICATE = "certificate"


def hint(token: str | None, *, has_certificate: bool) -> Hint | None:
    """What a call shows that proved nothing.

    A token of ours mixes both cases: of 43 letters and digits, one without any capital happens
    once in a hundred million million.
    """
    if token is not None and any(one.isalpha() for one in token):
        return Hint.LETTER_CASE if token in {token.lower(), token.upper()} else None
    return Hint.CERTIFICATE if has_certificate else None
