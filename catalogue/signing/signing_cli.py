"""Commands: keys sign, and taking back what was signed elsewhere."""

from pathlib import Path

import click

from catalogue import keys
from catalogue.minisign import SigningKey
from catalogue.receivers import ListingReceivers
from catalogue.signing import ceremony, signers
from catalogue.signing.signers import PublicKeyFile
from catalogue.signing.signing_request import SigningRequest
from storage.clock import now
from storage.console import say
from storage.installation import Installation

ACTOR = "command line"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("sign")
@click.option("--key", "where", help="NAME.pem, or a URI: hsm:2?label=qa, awskms:…")
@click.option("--request", "file", type=_FILE, help="Sign this file, on any machine.")
@click.option("--public", type=_FILE, help="NAME.pub, where the key cannot tell it.")
@click.option("--statement-key", type=_FILE, help="The .pem of the key that phones trust.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def sign(
    context: click.Context,
    where: str | None,
    file: Path | None,
    public: Path | None,
    statement_key: Path | None,
    yes: bool,
) -> None:
    """Sign what waits: a request file, or the drafts of this installation."""
    if where is None and statement_key is None:
        raise click.UsageError("Give --key, --statement-key or both.")
    installation: Installation | None = None if file else context.obj()
    request = _request(installation, file)
    signer = None
    if where is not None:
        known = PublicKeyFile.load(public).key if public else None
        signer = signers.open_signer(where, ask, known)
        _show(request, signer.public_key.keyid)
    if statement_key is not None:
        for statement in request.statements:
            say(f"statement {statement.text}")
    if not yes:
        click.confirm("Sign this?", abort=True, err=True)
    if signer is not None:
        request = signers.sign(request, signer)
    if statement_key is not None:
        request = request.stated_by(SigningKey.load(statement_key))
    _hand_back(installation, file, request)


def take(installation: Installation, request: SigningRequest) -> None:
    """Take the signatures of a request into this installation, and say what came of it."""
    ring = keys.of(installation)
    with installation.database.writing() as session:
        received = ceremony.receive(session, ring, request, actor=ACTOR, now=now())
        installation.option(ListingReceivers).tell(session, received.listed, ring, now())
        waiting = ceremony.awaited(session, ring)
    for subject, name in received.taken:
        say(f"{subject}: signed by {name}")
    for subject in received.stale:
        say(f"{subject}: passed over, it was drafted anew or is out already")
    for path in sorted(received.listed):
        say(f"{path} is published")
    for awaited in waiting:
        if awaited.missing:
            say(f"{awaited.place} still needs {awaited.missing} of {awaited.threshold} signatures")


def ask(secret: str) -> str:
    """Ask the person at the terminal for a pin or a passphrase."""
    answer: str = click.prompt(secret.capitalize(), hide_input=True, err=True)
    return answer


def _request(installation: Installation | None, file: Path | None) -> SigningRequest:
    if file is not None:
        return SigningRequest.parse(file.read_bytes())
    assert installation is not None, "without a file there is an installation"
    with installation.database.reading() as session:
        return ceremony.request(session, now())


def _show(request: SigningRequest, keyid: str) -> None:
    drafts = request.drafts_for(keyid)
    if not drafts:
        say("Nothing here waits for this key.")
    for draft in drafts:
        for line in draft.describe(keyid):
            say(line)


def _hand_back(
    installation: Installation | None, file: Path | None, request: SigningRequest
) -> None:
    if file is not None:
        file.write_bytes(request.to_json())
        say(f"{file} is signed; carry it back.")
        return
    assert installation is not None, "without a file there is an installation"
    take(installation, request)
