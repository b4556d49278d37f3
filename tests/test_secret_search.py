"""S15: the search over a run of the tests finds what it is there for."""

from pathlib import Path

from tests.conftest import ADMIN_PASSWORD
from tests.secret_search import held, left_in


def test_a_password_in_a_log_of_a_test_is_found(tmp_path: Path) -> None:
    log = tmp_path / "data" / "flatpro.log"
    log.parent.mkdir()
    log.write_text(f"login password={ADMIN_PASSWORD}\n", encoding="utf-8")
    assert [held(path.read_bytes()) for path in left_in(tmp_path)] == [
        ["the administrator's password"]
    ]
