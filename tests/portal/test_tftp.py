"""TFTP in the product: turned on by a setting, told by doctor, monitoring and the start."""

import shutil
import subprocess
from pathlib import Path

import pytest

from portal import tftp
from portal.settings import BadSettingError, Settings, load
from portal.tftp import TftpOffError
from provision.tftp.listening import NotListeningError
from tests.ports import free_port
from tests.served import serving
from tests.waiting import until


@pytest.mark.parametrize(
    "text",
    [
        "69",
        "10.0.0.5",
        "10.0.0.5:0",
        "10.0.0.5:70000",
        "phones:69",
        "::1:69",
        "[10.0.0.5]:69",
        "[::1]",
    ],
)
def test_a_place_that_is_none_is_told_by_its_variable(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLATPRO_TFTP", text)
    with pytest.raises(BadSettingError) as caught:
        load()
    assert "FLATPRO_TFTP" in caught.value.text("ru")


@pytest.mark.parametrize("text", ["10.0.0.5:69", "[fd00::5]:6969", "[::]:69"])
def test_a_place_of_either_kind_is_understood_and_told_as_it_was_written(text: str) -> None:
    assert Settings(tftp=text).tftp_options.place == text


def test_it_is_off_unless_it_is_set_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(TftpOffError) as caught:
        tftp.run(Settings(data_dir=tmp_path))
    assert "FLATPRO_TFTP" in caught.value.text("en")


def test_a_place_that_is_not_ours_stops_the_start_with_a_clear_line() -> None:
    options = Settings(tftp="192.0.2.1:69").tftp_options
    with pytest.raises(NotListeningError) as caught:
        tftp.require_free(options)
    assert "192.0.2.1:69" in caught.value.text("ru")


@pytest.mark.skipif(shutil.which("atftp") is None, reason="Debian's package atftp is missing")
def test_one_setting_turns_it_on_and_doctor_and_monitoring_see_it(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "data", FLATPRO_DEMO="0", FLATPRO_TFTP=f"127.0.0.1:{port}") as served:
        to = tmp_path / "bootstrap"
        command = ["atftp", "--get", "--remote-file", "02f1a7000001.cfg", "--local-file", str(to)]
        command += ["127.0.0.1", str(port)]
        subprocess.run(command, timeout=60, check=True, capture_output=True)
        assert b"/p/auth/02f1a7000001.cfg" in to.read_bytes()
        rows = served.flatpro_json("doctor")
        assert [row["level"] for row in rows if row["check"] == "tftp"] == ["good"]
        counted = b'flatpro_tftp_requests_total{outcome="bootstrap"}'
        until(lambda: counted in served.get("/metrics"))
        assert [row["mac"] for row in served.flatpro_json("newcomer", "list")] == ["02f1a7000001"]
