"""What a name stands for, on either database: bootstraps and published images, nothing else."""

import pytest
from sqlalchemy import update

from catalogue import keys
from firmware import withdrawal
from firmware.models import Artifact
from provision.tftp.naming import look_up
from storage.installation import Installation
from tests.provision import estate as estates
from tests.provision.estate import NOW


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_image_is_found_by_its_name_and_its_public_path_until_it_is_withdrawn(
    installation: Installation,
) -> None:
    estates.build(installation)
    image = estates.publish(installation, "2.4.1", 5000)
    for name in ("fp-b2-2.4.1.img", "/firmware/FP-B2/2.4.1/fp-b2-2.4.1.img"):
        found = look_up(installation, name, as_text=False)
        assert found is not None
        with found.source as source:
            assert (source.read(), found.size) == (image, 5000)
    for name in ("fp-b2-2.4.2.img", "FP-B2-2.4.1.IMG", "firmware/FP-B2/2.4.0/fp-b2-2.4.1.img"):
        assert look_up(installation, name, as_text=False) is None
    assert look_up(installation, "fp-b2-2.4.1.img", as_text=True) is None
    with installation.database.writing() as session:
        withdrawal.withdraw(
            session,
            "FP-B2",
            "2.4.1",
            keys.of(installation),
            reason="broken",
            replacement=None,
            actor="test",
            now=NOW,
        )
    assert look_up(installation, "fp-b2-2.4.1.img", as_text=False) is None


def test_a_name_that_two_releases_give_to_different_bytes_is_nobodys(
    installation: Installation,
) -> None:
    estates.build(installation)
    for version in ("2.4.1", "2.4.2"):
        estates.publish(installation, version, 5000)
    with installation.database.writing() as session:
        session.execute(update(Artifact).values(file_name="fp-b2.img"))
    assert look_up(installation, "fp-b2.img", as_text=False) is None
    found = look_up(installation, "firmware/FP-B2/2.4.2/fp-b2.img", as_text=False)
    assert found is not None
    found.source.close()
