"""Commands: keys new, init, list and rotate."""

from collections.abc import Sequence
from pathlib import Path

import click
from securesystemslib.signer import Key

from catalogue import key_files, keys, repository
from catalogue.keys import FIRMWARE_PUBLIC_FILE, KeyRing
from catalogue.minisign import PublicKey, SigningKey
from catalogue.receivers import ListingReceivers
from catalogue.signing import ceremony, key_rotation, signers, signing_cli
from catalogue.signing.key_rotation import KeyChange
from catalogue.signing.signers import PublicKeyFile
from catalogue.tuf import role_keys
from catalogue.tuf.layout import OFFLINE_PURPOSES, Purpose
from storage.clock import now
from storage.console import json_option, pass_installation, say, show_rows
from storage.installation import Installation
from storage.refusals import RefusedError

_FILE = click.Path(dir_okay=False, path_type=Path)


class KeysElsewhereError(RefusedError):
    code = "keys-elsewhere"
    ru = "Ключи «{purpose}» хранятся не здесь: назовите, какой сменить (--retire) и на что (--add)."
    en = "The {purpose} keys are kept elsewhere: name the one to change (--retire) and --add one."


class IncompleteKeysError(RefusedError):
    code = "keys-incomplete"
    ru = "Режиму offline нужны ключи: {wanted}."
    en = "Mode offline needs keys: {wanted}."


@click.group("keys")
def key_group() -> None:
    """Keys of the signed metadata, and who still has to sign."""


@key_group.command("new")
@click.argument("name")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--key", "where", help="A key that exists: hsm:2?label=qa. Only NAME.pub is made.")
@click.option("--statement", is_flag=True, help="The key that phones trust, not one of metadata.")
def new_key(name: str, folder: Path, where: str | None, statement: bool) -> None:
    """Make a person's key NAME.pem and NAME.pub, on that person's machine."""
    public = folder / f"{name}.pub"
    if statement:
        key = SigningKey.generate()
        key_files.store(key.to_pem(), folder / f"{name}.pem")
        public.write_text(key.public.text())
    elif where:
        signer = signers.open_signer(where, signing_cli.ask)
        public.write_text(PublicKeyFile(name, signer.public_key).to_json())
    else:
        passphrase = click.prompt(
            "Passphrase (empty for none)", default="", hide_input=True, show_default=False
        )
        made = signers.make(folder / f"{name}.pem", passphrase)
        public.write_text(PublicKeyFile(name, made).to_json())
    say(f"{public} goes to the server; the private key does not.")


@key_group.command("init")
@click.option("--root", "roots", type=_FILE, multiple=True, help="Three people's NAME.pub.")
@click.option("--air-gap-root", "air_gap_roots", type=_FILE, multiple=True, help="Three others.")
@click.option("--targets", "tops", type=_FILE, multiple=True, help="Two.")
@click.option("--firmware", "firmware", type=_FILE, multiple=True, help="Two.")
@click.option("--statement-key", type=_FILE, help="The .pub of the key that phones trust.")
@pass_installation
def init(
    installation: Installation,
    roots: tuple[Path, ...],
    air_gap_roots: tuple[Path, ...],
    tops: tuple[Path, ...],
    firmware: tuple[Path, ...],
    statement_key: Path | None,
) -> None:
    """Set up the keys: mode offline with people's public keys, mode local without any."""
    files = dict(zip(OFFLINE_PURPOSES, (roots, air_gap_roots, tops, firmware), strict=True))
    elsewhere = {purpose: _loaded(paths) for purpose, paths in files.items() if paths}
    if elsewhere or statement_key:
        _require_all(elsewhere, statement_key)
    with installation.database.reading() as session:
        if repository.is_set_up(session):
            raise repository.AlreadySetUpError
    if statement_key is not None:
        _keep_statement_key(installation, statement_key)
    ring = keys.of(installation)
    with installation.database.writing() as session:
        repository.set_up(session, ring, elsewhere, now())
        waiting = ceremony.awaited(session, ring)
    say("The keys are set up.")
    if waiting:
        say("Next: flatpro metadata export FILE, and the people sign it with flatpro keys sign.")


@key_group.command("list")
@json_option
@pass_installation
def list_keys(installation: Installation, as_json: bool) -> None:
    """Every key, where it is, and what its holder still has to sign."""
    ring = keys.of(installation)
    with installation.database.reading() as session:
        waiting = ceremony.awaited(session, ring)
        rows = [
            {
                "name": row.name,
                "purpose": row.purpose,
                "keyid": row.keyid,
                "here": ring.roles.has(row.name),
                "retired_at": row.retired_at,
                "to_sign": _unsigned(waiting, row.keyid),
            }
            for row in role_keys.every(session)
        ]
    show_rows(rows, ("name", "purpose", "here", "to_sign", "retired_at"), as_json=as_json)


@key_group.command("rotate")
@click.argument(
    "purposes", type=click.Choice([purpose.value for purpose in Purpose]), nargs=-1, required=True
)
@click.option("--retire", multiple=True, metavar="NAME", help="The key to trust no more.")
@click.option("--add", type=_FILE, multiple=True, help="The NAME.pub to trust instead.")
@pass_installation
def rotate(
    installation: Installation,
    purposes: tuple[str, ...],
    retire: tuple[str, ...],
    add: tuple[Path, ...],
) -> None:
    """Change the keys of PURPOSES: the oldest for a new one, or as the options say."""
    if (retire or add) and len(purposes) > 1:
        raise click.UsageError("With --retire or --add name one purpose.")
    ring = keys.of(installation)
    with installation.database.writing() as session:
        changes = [
            _change(ring, purpose, [row.name for row in role_keys.active(session, purpose)])
            if not (retire or add)
            else KeyChange(purpose, retire, _loaded(add))
            for purpose in map(Purpose, purposes)
        ]
        listed = key_rotation.rotate(session, ring, changes, actor=signing_cli.ACTOR, now=now())
        installation.option(ListingReceivers).tell(session, listed, ring, now())
        waiting = ceremony.awaited(session, ring)
    with installation.database.reading() as session:
        for name in key_rotation.put_away(session, ring):
            say(f"{name} is out of use; its file lies in {role_keys.RETIRED_FOLDER}/.")
    if waiting:
        say("The change waits for signatures: flatpro keys list shows whose.")


def _loaded(paths: Sequence[Path]) -> list[tuple[str, Key]]:
    loaded = [PublicKeyFile.load(path) for path in paths]
    return [(file.name, file.key) for file in loaded]


def _require_all(
    elsewhere: dict[Purpose, list[tuple[str, Key]]], statement_key: Path | None
) -> None:
    wanted = {Purpose.ROOT: 3, Purpose.AIR_GAP_ROOT: 3, Purpose.TARGETS: 2, Purpose.FIRMWARE: 2}
    short = [
        f"--{purpose} ×{count}"
        for purpose, count in wanted.items()
        if len(elsewhere.get(purpose, ())) < count
    ]
    if statement_key is None:
        short.append("--statement-key")
    if short:
        raise IncompleteKeysError(wanted=", ".join(short))


def _keep_statement_key(installation: Installation, path: Path) -> None:
    folder = keys.folder_of(installation)
    key_files.make_folder(folder)
    key_files.store(
        PublicKey.parse(path.read_text()).text().encode(), folder / FIRMWARE_PUBLIC_FILE
    )


def _unsigned(waiting: Sequence[ceremony.Awaited], keyid: str) -> list[str]:
    return [
        str(awaited.place)
        for awaited in waiting
        for seat in awaited.seats
        if awaited.missing and seat.keyid == keyid and not seat.signed
    ]


def _change(ring: KeyRing, purpose: Purpose, active: Sequence[str]) -> KeyChange:
    """The oldest key for a new one, where the keys lie here."""
    if not active or not ring.roles.has(active[0]):
        raise KeysElsewhereError(purpose=purpose)
    return KeyChange(purpose, active[:1], make=1)


key_group.add_command(signing_cli.sign)

COMMANDS = (key_group,)
