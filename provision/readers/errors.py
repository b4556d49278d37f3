"""How a read of a phone can fail. Only these leave the readers, whatever a library raised.

A failure is an answer too: each sentence says what was tried and what it may mean.
"""

from storage.phrases import Phrase
from storage.refusals import RefusedError

__all__ = [
    "AccessDeniedError",
    "CertificateChangedError",
    "CertificateUnknownError",
    "HostKeyChangedError",
    "HostKeyUnknownError",
    "NoCredentialError",
    "NotAllowedError",
    "Phrase",
    "RangeNotAllowedError",
    "ReadError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "UnreadableWayError",
]


class ReadError(RefusedError):
    """The phone was not read; nothing known of it changes."""

    code = "read-failed"
    ru = "Телефон {address} не прочитан."
    en = "The phone at {address} was not read."

    def text(self, language: str) -> str:
        """The sentence, with the phrases in it in the same language."""
        template = self.ru if language == "ru" else self.en
        return template.format(
            **{
                name: value.text(language) if isinstance(value, Phrase) else value
                for name, value in self.details.items()
            }
        )


class UnreachableError(ReadError):
    code = "phone-unreachable"
    ru = "Телефон {address} недоступен по {via}: {reason}."
    en = "The phone at {address} cannot be reached by {via}: {reason}."


class AccessDeniedError(ReadError):
    code = "phone-access-denied"
    ru = "Телефон {address} не принял наши учётные данные для {via}."
    en = "The phone at {address} does not accept our credential for {via}."


class UnexpectedAnswerError(ReadError):
    code = "phone-unexpected-answer"
    ru = "Телефон {address} ответил по {via} не так, как должен: {reason}."
    en = "The phone at {address} answered by {via} in an unexpected way: {reason}."


class NotAllowedError(ReadError):
    code = "read-not-allowed"
    ru = "Адрес {address} читать нельзя: {reason}."
    en = "The address {address} may not be read: {reason}."


class RangeNotAllowedError(ReadError):
    code = "sweep-not-allowed"
    field = "networks"
    ru = "Сеть {network} обходить нельзя: {reason} (FLATPRO_READ_NETWORKS)."
    en = "The network {network} may not be swept: {reason} (FLATPRO_READ_NETWORKS)."


class UnreadableWayError(ReadError):
    code = "no-such-reader"
    ru = "Телефоны семейства {family} не читаются по {via}."
    en = "Phones of the family {family} are not read by {via}."


class NoCredentialError(ReadError):
    code = "no-credential"
    ru = "Для чтения {address} по {via} не заданы учётные данные."
    en = "No credential is set for reading {address} by {via}."


class HostKeyUnknownError(ReadError):
    """Nothing was sent to it; `fingerprint` is what a person may confirm."""

    code = "ssh-key-unknown"
    ru = "Ключ SSH телефона {address} ещё никто не подтвердил: {fingerprint}."
    en = "Nobody has confirmed the SSH key of the phone at {address} yet: {fingerprint}."


class HostKeyChangedError(ReadError):
    """Another key than the pinned one: nothing was sent."""

    code = "ssh-key-changed"
    ru = "У телефона {address} другой ключ SSH: {fingerprint} вместо {pinned}."
    en = "The phone at {address} shows another SSH key: {fingerprint} instead of {pinned}."


class CertificateUnknownError(ReadError):
    """No request was sent; `fingerprint` may become the setting read.http_fingerprint."""

    code = "certificate-unknown"
    ru = "Сертификат телефона {address} никто не подтвердил: read.http_fingerprint = {fingerprint}."
    en = "Nobody has confirmed the certificate of {address}: read.http_fingerprint = {fingerprint}."


class CertificateChangedError(ReadError):
    """Another certificate than the pinned one: no request was sent."""

    code = "certificate-changed"
    ru = "У телефона {address} другой сертификат: {fingerprint} вместо {pinned}."
    en = "The phone at {address} shows another certificate: {fingerprint} instead of {pinned}."
