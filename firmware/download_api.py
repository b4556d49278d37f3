"""Addresses of firmware that people, phones and mirrors share: images and signed lists."""

from flask import Blueprint, Response, abort

from accounts.access import anyone
from catalogue import products, signed_files
from catalogue.download_api import SIGNATURE_SUFFIX, send_blob, send_text
from firmware import manifests, published_images, releases, sboms
from firmware.models import Channel, Release, Sbom
from storage.request import installation, reading
from storage.serving import Cache, Representation

blueprint = Blueprint("firmware", __name__, url_prefix="/firmware")


@blueprint.get("/<product>/manifest.json")
@anyone
def manifest(product: str) -> Response:
    """All releases of a product."""
    return _signed(manifests.manifest_path(product, None))


@blueprint.get("/<product>/manifest.json.minisig")
@anyone
def manifest_signature(product: str) -> Response:
    """The signature over exactly the manifest's bytes."""
    return _signature(manifests.manifest_path(product, None))


@blueprint.get("/<product>/<any(testing, stable):channel>/manifest.json")
@anyone
def channel_manifest(product: str, channel: str) -> Response:
    """What a channel offers now."""
    return _signed(manifests.manifest_path(product, Channel(channel)))


@blueprint.get("/<product>/<any(testing, stable):channel>/manifest.json.minisig")
@anyone
def channel_manifest_signature(product: str, channel: str) -> Response:
    """The signature over exactly the channel manifest's bytes."""
    return _signature(manifests.manifest_path(product, Channel(channel)))


@blueprint.get("/<product>/SHA256SUMS")
@anyone
def checksums(product: str) -> Response:
    """Checksums for `sha256sum -c`."""
    return _signed(manifests.checksums_path(product))


@blueprint.get("/<product>/SHA256SUMS.minisig")
@anyone
def checksums_signature(product: str) -> Response:
    """The signature over the checksum list."""
    return _signature(manifests.checksums_path(product))


@blueprint.get("/<product>/<version>/sbom.json")
@anyone
def sbom(product: str, version: str) -> Response:
    """The list of a release's parts; it stays when the release is withdrawn."""
    with reading() as session:
        release = releases.get(session, products.get(session, product), version)
    if release.is_awaiting or version != release.version:
        raise releases.UnknownReleaseError(product=product, version=version)
    return send_sbom(release, sboms.get(release))


@blueprint.get("/<product>/<version>/<file_name>")
@anyone
def image(product: str, version: str, file_name: str) -> Response:
    """The image under the name that a person knows; 410 once it is withdrawn."""
    found = published_images.find(installation().database, product, version, file_name)
    if found is None:
        with reading() as session:
            # What of these names is wrong is told by what finds them one by one.
            releases.get(session, products.get(session, product), version)
        raise releases.UnknownReleaseError(product=product, version=version)
    if found.is_withdrawn:
        abort(410)
    return send_blob(published_images.shown(found, file_name))


def send_sbom(release: Release, attached: Sbom) -> Response:
    """The answer to the current request for a release's SBOM."""
    return send_blob(
        Representation(
            sha256=attached.sha256,
            size=attached.size,
            content_type=signed_files.JSON_TYPE,
            file_name=f"{release.product.code}-{release.version}-sbom.json",
            last_modified=attached.attached_at,
            cache=Cache.revalidate(max_age_s=300),
        )
    )


def _signed(path: str) -> Response:
    with reading() as session:
        file = signed_files.get(session, path)
    return send_text(file.body, file, path.rsplit("/", 1)[-1], file.content_type)


def _signature(path: str) -> Response:
    with reading() as session:
        file = signed_files.get(session, path)
    name = path.rsplit("/", 1)[-1] + SIGNATURE_SUFFIX
    return send_text(file.signature.encode(), file, name, signed_files.TEXT_TYPE)
