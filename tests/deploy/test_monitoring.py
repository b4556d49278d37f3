"""The dashboard and the alerts ask for what /metrics exports, and Prometheus takes the rules."""

import json
import re
import shutil
import subprocess

import pytest
from flask.testing import FlaskClient

from tests.whole_set import DEPLOY

MONITORING = DEPLOY / "monitoring"
NAME = re.compile(r"\bflatpro_[a-z_]+")


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def exported(client: FlaskClient) -> set[str]:
    """The names of all series that a new installation exports, and of those that need rows."""
    client.get("/healthz").close()
    with client.get("/metrics") as answer:
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    return {
        series
        for name, kind in kinds.items()
        for series in ([f"{name}_bucket", f"{name}_sum"] if kind == "histogram" else [name])
    }


def asked_by_dashboard() -> set[str]:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return {
        name
        for panel in panels
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }


def asked_by_alerts() -> set[str]:
    lines = (MONITORING / "alerts.yaml").read_text().splitlines()
    return {name for line in lines if "expr:" in line for name in NAME.findall(line)}


def test_everything_asked_for_is_exported_and_the_dashboard_shows_all(exported: set[str]) -> None:
    assert len(asked_by_alerts()) > 6
    assert asked_by_alerts() | asked_by_dashboard() <= exported
    ours = {name for name in exported if name.startswith("flatpro_")}
    left = {name for name in ours if not name.endswith(("_sum", "_created"))}
    assert left <= asked_by_dashboard(), "a figure that nobody would see"


def test_panels_have_names_of_their_own_and_do_not_overlap() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["description"] for panel in panels)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="prometheus is not installed")
def test_prometheus_takes_the_rules() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", MONITORING / "alerts.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 rules found" in done.stdout
