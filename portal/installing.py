"""Opens an installation from its settings: data folder, keys, database at the right revision."""

import hashlib
import hmac
from ipaddress import IPv4Network
from pathlib import Path

from catalogue.receivers import ListingReceivers
from firmware import software, visibility
from firmware.sign_offs import SignOffOptions
from portal import migrations
from portal.settings import Network, Settings
from provision.readers.networks import ReadOptions
from storage.blobs import LocalBlobStore
from storage.db import Database, sqlite_url
from storage.installation import Installation
from storage.refusals import UnavailableError
from storage.sealed import Seal, load_or_create_key

#: The demo's phones answer here; a real installation never reads loopback unless it is told to.
DEMO_NETWORK = IPv4Network("127.0.77.0/24")


class DataFolderError(UnavailableError):
    code = "data-folder"
    ru = "Папка данных {path} недоступна: {reason}"
    en = "The data folder {path} is unusable: {reason}"


def database_of(settings: Settings) -> Database:
    """The database that the settings name; the embedded one lies in the data folder."""
    return Database(settings.database_url or sqlite_url(settings.data_dir / "flatpro.sqlite"))


def open_installation(settings: Settings) -> Installation:
    """Make or open the installation; the database is migrated to this code's revision."""
    folder = _data_folder(settings.data_dir)
    database = database_of(settings)
    database.check()
    migrations.upgrade(database)
    key = load_or_create_key(settings.key_file or folder / "secrets.key")
    return Installation(
        data_dir=folder,
        database=database,
        blobs=LocalBlobStore(folder / "blobs"),
        seal=Seal(_derived(key, "seal")),
        secret_key=_derived(key, "cookies"),
        public_url=settings.public_address,
        phone_url=settings.phone_address,
        options={
            ReadOptions: ReadOptions(networks=_read_networks(settings)),
            ListingReceivers: ListingReceivers((visibility.offer, software.offer)),
            SignOffOptions: SignOffOptions(required=settings.sign_offs),
        },
    )


def _read_networks(settings: Settings) -> tuple[Network, ...]:
    return (*settings.read_networks, DEMO_NETWORK) if settings.demo else settings.read_networks


def _data_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise DataFolderError(path=path, reason=error.strerror) from error
    return path.resolve()


def _derived(key: bytes, purpose: str) -> bytes:
    """One key file, one key for each purpose."""
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()
