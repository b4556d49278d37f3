"""A simulated phone of the test vendor, and one visit of it."""

import asyncio
from typing import TYPE_CHECKING

from simulator.phone import PhoneOptions, PhoneState, SimulatedPhone
from simulator.provisioning import Credential, TokenCredential
from simulator.story import Story

if TYPE_CHECKING:
    from conftest import Vendor


def phone_of(
    vendor: "Vendor",
    *,
    credential: Credential | None = None,
    options: PhoneOptions | None = None,
    state: PhoneState | None = None,
) -> SimulatedPhone:
    return SimulatedPhone(
        vendor.identity(),
        credential or TokenCredential(vendor.token),
        vendor.url,
        vendor.trust,
        state=state,
        options=options,
    )


def visit(phone: SimulatedPhone) -> Story:
    return asyncio.run(phone.run_once())
