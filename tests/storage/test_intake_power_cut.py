"""R2: the power goes while people upload in parts, write with files, and change settings.

Acknowledged is what the server answered, or, for a letter, what the mail server's command ended
well with (tests/taking_in.py).
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from accounts import tokens, users
from accounts.models import Role
from accounts.users import NewUser
from catalogue import products
from firmware.models import Artifact
from provision.models import ProfileSetting
from storage import resumable
from storage.clock import now
from storage.resumable import Upload
from support.mailroom.models import IncomingMail
from support.requests import records
from support.requests.models import RequestAttachment, RequestMessage
from tests.conftest import ADMIN_PASSWORD
from tests.storage.power_cut import NEEDED, all_whole, copy, installed, mounted, new_disk
from tests.storage.publishers import publishing
from tests.taking_in import PRODUCT, image

pytestmark = NEEDED


@dataclass
class Told:
    """What was acknowledged before the power went."""

    uploads: dict[str, str] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    handing: set[str] = field(default_factory=set)
    releases: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    setting: int = 0

    @classmethod
    def of(cls, lines: list[str]) -> "Told":
        found = cls()
        for line in lines:
            what, *words = line.split()
            assert what != "failed", line
            if what == "upload":
                found.uploads[words[0]], found.came[words[0]] = words[1], 0
            elif what == "part":
                found.came[words[0]] = int(words[1])
            elif what == "setting":
                found.setting = int(words[0])
            elif what == "handing":
                found.handing.add(words[0])
            else:
                {"release": found.releases, "request": found.requests, "letter": found.letters}[
                    what
                ][words[0]] = words[1]
        return found

    def counts(self) -> Counter[str]:
        return Counter(
            parts=sum(came > 0 for came in self.came.values()),
            releases=len(self.releases),
            requests=len(self.requests),
            letters=len(self.letters),
            settings=self.setting,
        )


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A disk with an installation on it that knows a product and a publisher's token."""
    image_file = new_disk(tmp_path / "template.img")
    (tmp_path / "work").mkdir()
    with mounted(image_file, tmp_path / "making") as disk:
        place = installed(disk)
        with place.database.writing() as session:
            new = products.NewProduct(PRODUCT, "Телефон", "Phone", ("A",))
            products.add(session, new, actor="test", now=now())
            person = NewUser("anna", "Anna", Role.PUBLISHER, ADMIN_PASSWORD)
            anna = users.add(session, person, actor="test", now=now())
            token = tokens.issue(session, anna, "test", actor="test", now=now())
        (tmp_path / "work" / "token").write_text(token)
        place.database.dispose()
    return image_file


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(4, marks=pytest.mark.timeout(300)),
        pytest.param(300, marks=[pytest.mark.prove, pytest.mark.timeout(3600)]),
    ],
)
def test_proof_r2_a_power_cut_takes_nothing_of_what_people_sent(
    template: Path, tmp_path: Path, rounds: int
) -> None:
    chance, seen, window_s = random.Random(rounds), Counter[str](), 2.5
    before, after = tmp_path / "before.img", tmp_path / "after.img"
    data, work = tmp_path / "before" / "data", tmp_path / "work"
    with publishing(data, work, "tests.taking_in") as taker:
        for _ in range(rounds):
            copy(template, before)
            with mounted(before, tmp_path / "before"):
                delay_s = chance.uniform(window_s / 4, window_s)
                taker.ask(do="loop", delay_s=delay_s, pause=True)
                copy(before, after)
                told = Told.of(taker.ask()["told"])
            with mounted(after, tmp_path / "after") as disk:
                look(disk, told)
            seen += told.counts()
            # A busy machine starts slowly: keep the cuts where something is acknowledged.
            window_s = window_s if told.releases else min(12.0, window_s * 1.5)
    print(  # noqa: T201
        f"R2: {rounds} power cuts; acknowledged: {seen['parts']} uploads in parts, "
        f"{seen['releases']} of them handed in, {seen['requests']} forms with files, "
        f"{seen['letters']} letters with files, {seen['settings']} settings; 0 missing, 0 torn"
    )
    kinds = ("parts", "requests", "letters", "settings")
    assert min(seen[what] for what in kinds) >= rounds / 4


def look(disk: Path, told: Told) -> None:
    """Start on what the disk holds, and compare with what was acknowledged."""
    place = installed(disk)
    try:
        with place.database.reading() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            look_at_uploads(session, place.data_dir, told)
            vlan = session.scalar(
                select(ProfileSetting.value).where(ProfileSetting.name == "network.vlan")
            )
            assert int(vlan or 0) >= told.setting
            for secret, sha256 in told.requests.items():
                assert sha256 in files_of(session, records.by_token(session, secret).id)
            for raw, sha256 in told.letters.items():
                row = session.scalars(
                    select(IncomingMail).where(IncomingMail.raw_sha256 == raw)
                ).one()
                assert row.request_id is not None
                assert sha256 in files_of(session, row.request_id)
        named = {*told.releases.values(), *told.requests.values(), *told.letters}
        assert {*named, *told.letters.values()} <= set(place.blobs.names())
        assert all_whole(place)
    finally:
        place.database.dispose()


def look_at_uploads(session: Session, data_dir: Path, told: Told) -> None:
    """Each goes on from a byte at or past the acknowledged one, or was handed in."""
    drafts = set(session.scalars(select(Artifact.sha256)))
    assert set(told.releases.values()) <= drafts
    for name, version in told.uploads.items():
        row = session.get(Upload, name)
        if row is None:
            assert name in told.handing, "an upload is gone that nobody handed in"
            continue
        body = (data_dir / resumable.FOLDER / name).read_bytes()
        assert len(body) >= told.came[name], "an acknowledged part is lost"
        assert body == image(version)[: len(body)], "a part is torn"


def files_of(session: Session, number: int) -> set[str]:
    found = select(RequestAttachment.sha256).join(
        RequestMessage, RequestMessage.id == RequestAttachment.message_id
    )
    return set(session.scalars(found.where(RequestMessage.request_id == number)))
