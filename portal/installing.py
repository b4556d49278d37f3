"""Opens an installation from its settings: data folder, keys, database at the right revision."""

import hashlib
import hmac
from ipaddress import IPv4Network
from pathlib import Path

from catalogue.mirrors.options import MirrorOptions
from firmware.reviewing.options import SignOffOptions
from portal import migrations
from portal.doctor.options import DoctorOptions
from portal.settings import BadSettingError, Network, Settings
from provision.proving.doorkeeper import FirstContactOptions
from provision.readers.networks import ReadOptions
from provision.redirects.targets import RedirectOptions
from provision.tftp.options import TftpOptions
from storage.blob_keeping.copies import Copies
from storage.blob_keeping.local_blobs import LocalBlobStore
from storage.blob_keeping.scrubbing import ScrubOptions
from storage.blob_keeping.standby import StandbyBlobStore
from storage.blobs import BlobStore
from storage.db import Database, sqlite_url
from storage.http_answers.handing_over import HandOver
from storage.installation import Installation
from storage.refusals import UnavailableError
from storage.sealed import Seal, load_or_create_key
from support.mailroom.options import MailOptions

#: What few commands need, with the libraries of several rooms behind it.
LATER = {
    "catalogue.receivers:ListingReceivers": "portal.receivers:LISTING",
    "catalogue.receivers:MirrorReceivers": "portal.receivers:MIRROR",
    "firmware.withholding:Withholders": "provision.rollouts.going_out:WITHHOLDERS",
    "provision.device_story.chapters:Chapters": "support.device_life:CHAPTERS",
}
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
        blobs=blob_store_of(settings, folder),
        seal=Seal(_derived(key, "seal")),
        secret_key=_derived(key, "cookies"),
        public_url=settings.public_address,
        phone_url=settings.phone_address,
        options={
            ReadOptions: ReadOptions(networks=_read_networks(settings)),
            HandOver: HandOver(redirect=settings.blob_redirect, accel_prefix=settings.accel_prefix),
            ScrubOptions: settings.scrub,
            MirrorOptions: MirrorOptions(url=settings.mirror_url),
            SignOffOptions: SignOffOptions(required=settings.sign_offs),
            MailOptions: settings.mail,
            RedirectOptions: RedirectOptions(allow_inner=settings.redirect_inner),
            TftpOptions: settings.tftp_options,
            FirstContactOptions: FirstContactOptions(settings.first_contacts_a_minute),
            DoctorOptions: DoctorOptions(key_file=settings.key_file),
        },
        later=LATER,
    )


def blob_store_of(settings: Settings, folder: Path) -> BlobStore:
    """Where the settings keep blobs: a bucket, or the data folder."""
    if not settings.blob_url:
        return LocalBlobStore(folder / "blobs")
    # The library of the bucket costs every other installation a tenth of a second.
    from storage.blob_keeping.bucket import Bucket  # noqa: PLC0415 - see above
    from storage.blob_keeping.s3_blobs import S3BlobStore  # noqa: PLC0415 - see above

    if not (settings.blob_key_id and settings.blob_secret.get_secret_value()):
        # Without a key the library would look for one in the network, for minutes.
        raise BadSettingError(name="FLATPRO_BLOB_KEY_ID", reason="a bucket needs it and a secret")
    name, _, prefix = settings.blob_url.removeprefix("s3://").partition("/")
    bucket = Bucket(
        name=name,
        prefix=prefix,
        endpoint=settings.blob_endpoint,
        region=settings.blob_region,
        key_id=settings.blob_key_id,
        secret=settings.blob_secret.get_secret_value(),
    )
    store = S3BlobStore(bucket, folder / "incoming")
    if not settings.blob_copies_mb:
        return store
    return StandbyBlobStore(store, Copies(folder / "copies", settings.blob_copies_mb * 1024**2))


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
