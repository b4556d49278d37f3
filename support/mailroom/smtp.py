"""Hands one letter to the mail server."""

import smtplib
import ssl

from support.mailroom.letters import Envelope
from support.mailroom.options import Server

TIMEOUT_S = 20.0


class NotTakenError(Exception):
    """The server did not take a letter; `is_final` when trying again cannot help (5xx)."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


def send(letter: Envelope, server: Server) -> None:
    """Send one letter; raises NotTakenError. The password never stands in its text."""
    try:
        with _connected(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            _hand_over(connection, letter)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients[letter.recipient]
        raise NotTakenError(f"{code} {_text(words)}", is_final=code >= 500) from error
    except smtplib.SMTPAuthenticationError as error:
        # A wrong password is set right by people, and the letter must outlive that.
        raise NotTakenError(f"{error.smtp_code} {_text(error.smtp_error)}") from error
    except smtplib.SMTPResponseException as error:
        final = error.smtp_code >= 500
        raise NotTakenError(
            f"{error.smtp_code} {_text(error.smtp_error)}", is_final=final
        ) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # A ValueError here is a host or a password that cannot be written: people set it right.
        raise NotTakenError(f"{type(error).__name__}: {error}") from error


def _hand_over(connection: smtplib.SMTP, letter: Envelope) -> None:
    try:
        refused = connection.sendmail(letter.sender, [letter.recipient], letter.message)
    except ValueError as error:
        # An address that SMTP has no words for stays one.
        raise NotTakenError(f"{type(error).__name__}: {error}", is_final=True) from error
    assert not refused, "one recipient: a refusal is an exception"


def _connected(server: Server) -> smtplib.SMTP:
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
