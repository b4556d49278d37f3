"""A second implementation of TUF, tuf-js, installs from our repository over HTTP."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from tests.catalogue.vendor import MANUAL_NAME, PDF, LyingMirror, Vendor, fetch

#: The last that runs on Node.js 20.
PACKAGE = "tuf-js@5.0.1"
PROGRAM = """
const { Updater } = require('tuf-js');
const [base, view, folder, ...names] = process.argv.slice(2);
const updater = new Updater({
  metadataDir: folder + '/metadata', metadataBaseUrl: base + view,
  targetDir: folder + '/targets', targetBaseUrl: base + '/targets/',
});
(async () => {
  await updater.refresh();
  const found = [];
  for (const name of names) {
    const target = await updater.getTargetInfo(name);
    found.push(target ? await updater.downloadTarget(target) : null);
  }
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error.name + ': ' + error.message); process.exit(1); });
"""


@pytest.fixture
def backend() -> str:
    """A client cannot see the database."""
    return "sqlite"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client beside its package, which npm installs for this run."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed (apt-get install nodejs npm)")
    folder = tmp_path_factory.mktemp("tuf-js")
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    installed = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, timeout=100
    )
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install {PACKAGE}: {installed.stderr.strip()[-200:]}")
    (folder / "client.cjs").write_text(PROGRAM)
    return folder / "client.cjs"


class Machine:
    """A folder where the client keeps what it has seen."""

    def __init__(
        self, program: Path, folder: Path, base: str, app: Flask, *, air_gap: bool
    ) -> None:
        self.program, self.folder, self.base = program, folder, base
        self.view = "/metadata/offline/" if air_gap else "/metadata/"
        for name in ("metadata", "targets"):
            (folder / name).mkdir(parents=True)
        root = fetch(app, "/keys/offline-root.json" if air_gap else "/keys/root.json")
        (folder / "metadata" / "root.json").write_bytes(root)

    def run(self, *names: str) -> subprocess.CompletedProcess[str]:
        command = ["node", str(self.program), self.base, self.view, str(self.folder), *names]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    def install(self, *names: str) -> list[bytes | None]:
        ran = self.run(*names)
        assert ran.returncode == 0, ran.stderr
        found = json.loads(ran.stdout)
        return [Path(path).read_bytes() if path else None for path in found]


@pytest.mark.parametrize("air_gap", [False, True])
def test_tuf_js_installs_a_firmware_and_a_document(
    program: Path, vendor: Vendor, app: Flask, base: str, tmp_path: Path, air_gap: bool
) -> None:
    path = vendor.publish("1.0.0")
    vendor.publish_document()
    machine = Machine(program, tmp_path / "machine", base, app, air_gap=air_gap)

    image, manual, nothing = machine.install(path, MANUAL_NAME, "fw/FP-B2/9.9.9/none.bin")

    assert image == fetch(app, "/firmware/FP-B2/1.0.0/FP-B2-1.0.0.bin")
    assert (manual, nothing) == (PDF, None)
    newer = vendor.publish("1.1.0")
    assert machine.install(newer) == [fetch(app, "/firmware/FP-B2/1.1.0/FP-B2-1.1.0.bin")]


def test_tuf_js_refuses_changed_bytes_and_an_old_timestamp(
    program: Path, vendor: Vendor, mirror: LyingMirror, base: str, tmp_path: Path
) -> None:
    path = vendor.publish("1.0.0")
    old = fetch(mirror.app, "/metadata/timestamp.json")
    machine = Machine(program, tmp_path / "machine", base, mirror.app, air_gap=False)
    machine.install(path)
    newer = vendor.publish("1.1.0")
    assert machine.install(newer)

    mirror.lies["/metadata/timestamp.json"] = old
    assert "is less than current version" in machine.run(newer).stderr
    mirror.lies.clear()

    hashed = next(address for address, _ in mirror.asked if address.endswith(".FP-B2-1.1.0.bin"))
    real = fetch(mirror.app, hashed)
    mirror.lies[hashed] = b"\0" + real[1:]
    shutil.rmtree(machine.folder / "targets")
    (machine.folder / "targets").mkdir()
    refused = machine.run(newer)
    assert (refused.returncode, "hash" in refused.stderr.lower()) == (1, True), refused.stderr
