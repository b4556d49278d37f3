"""The keys that this installation signs with, each in a file of its own.

`online` signs what is current (manifests, checksums); `firmware` signs what a phone installs, and
is in this folder only in mode `local`, where the promise of an offline key is not made.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from catalogue import key_files
from catalogue.minisign import PublicKey, SigningKey, SigningKeyFileError
from catalogue.tuf.role_keys import KeyFolder
from storage.installation import Installation

ONLINE_FILE = "online.pem"
FIRMWARE_FILE = "firmware.pem"
#: In mode `offline` only the public half lies here, under this name.
FIRMWARE_PUBLIC_FILE = "firmware.pub"
ROLES_FOLDER = "tuf"


@dataclass(frozen=True)
class KeyRing:
    """The keys at hand. `firmware` is None in mode `offline`: people sign statements elsewhere.

    `online.public` and `firmware_public` are what people, mirrors and phones start from; `roles`
    holds the private keys of the TUF repository that lie here.
    """

    online: SigningKey
    firmware: SigningKey | None
    firmware_public: PublicKey
    roles: KeyFolder


def load_or_create(folder: Path) -> KeyRing:
    """The keys in `folder`, made at the first call: files of mode 0600 in a folder of mode 0700.

    Processes that start together get the same keys. Raises SigningKeyFileError for a file that is
    broken or readable by others, for one key in both roles, and when the disk refuses.
    """
    try:
        key_files.make_folder(folder)
        online = key_files.load_or_create(folder / ONLINE_FILE)
        firmware = _firmware(folder)
    except OSError as error:
        raise SigningKeyFileError(path=error.filename or folder, reason=error.strerror) from error
    public = firmware if isinstance(firmware, PublicKey) else firmware.public
    if online.public == public:
        reason = "it is the online key: a thief of that one could sign firmware"
        raise SigningKeyFileError(path=folder / FIRMWARE_FILE, reason=reason)
    private = None if isinstance(firmware, PublicKey) else firmware
    return KeyRing(online, private, public, KeyFolder(folder / ROLES_FOLDER))


def _firmware(folder: Path) -> SigningKey | PublicKey:
    private, public = folder / FIRMWARE_FILE, folder / FIRMWARE_PUBLIC_FILE
    if not public.exists():
        return key_files.load_or_create(private)
    if private.exists():
        reason = f"{FIRMWARE_PUBLIC_FILE} says that it is kept elsewhere: take it off this server"
        raise SigningKeyFileError(path=private, reason=reason)
    return PublicKey.parse(public.read_text())


@functools.cache
def _in(folder: Path) -> KeyRing:
    return load_or_create(folder)


def of(installation: Installation) -> KeyRing:
    """The keys of an installation, read once in a process."""
    return _in(folder_of(installation))


def folder_of(installation: Installation) -> Path:
    """Where the keys of an installation lie."""
    return installation.data_dir / "keys"
