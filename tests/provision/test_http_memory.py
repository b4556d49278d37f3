"""H5: a phone's web server that sends without end costs little memory, whatever it sends."""

import tracemalloc

import pytest

from provision.families.family import Family
from provision.readers.errors import UnexpectedAnswerError
from provision.readers.http import read_http
from tests.provision.test_http import BOMB, ENDLESS, LOGIN, SLOW, Phone, answer, send

MIB = 1024**2
PHONES = {
    **ENDLESS,
    **SLOW,
    "a bomb": send(answer("200 OK", BOMB, "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("phone", PHONES)
def test_proof_h5_what_a_phone_sends_is_not_gathered(
    http_phone: Phone, flat_phone: Family, phone: str
) -> None:
    target = http_phone(PHONES[phone])
    tracemalloc.start()
    with pytest.raises(UnexpectedAnswerError):
        read_http(target, flat_phone, LOGIN, timeout_s=0.3, wall_clock_s=2.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"H5: {phone}: {peak / MIB:.1f} MiB at most")  # noqa: T201
    # One MiB that may be read, and what is made of it; the phone is in this process too.
    assert peak < 8 * MIB
