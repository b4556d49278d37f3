"""The label of a phone and its User-Agent."""

import pytest

from simulator.identity import LabelError, PhoneIdentity

LABEL = {
    "mac": "02f1a7000001",
    "serial": "FP2648B2K7Q2XM6",
    "product": "FP-B2",
    "hardware": "A",
    "firmware": "2.3.0",
}


def test_the_user_agent_names_the_firmware_that_runs_now() -> None:
    assert PhoneIdentity(**LABEL).user_agent("2.4.1") == (
        "FlatPhone/2.4.1 (FP-B2; hw A; sn FP2648B2K7Q2XM6; mac 02f1a7000001)"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mac", "02:f1:a7:00:00:01"),
        ("mac", "02F1A7000001"),
        ("mac", "02f1a700000"),
        ("serial", ""),
        ("serial", "FP 1"),
        ("product", "FP\n"),
        ("hardware", "Б"),
        ("firmware", "x" * 65),
    ],
)
def test_what_cannot_stand_on_a_label_is_refused(name: str, value: str) -> None:
    with pytest.raises(LabelError):
        PhoneIdentity(**{**LABEL, name: value})
