"""The key-encryption key lies outside Postgres, in a private file or an environment secret."""

from pathlib import Path

import pytest

from chassis.keyring import KekUnusable, ensure_kek_file, load_kek


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUZHU_KEK", raising=False)


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "kek.json"
    ensure_kek_file(path)
    first = path.read_text()
    ensure_kek_file(path)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["kek.json"]
    path.chmod(0o640)
    with pytest.raises(KekUnusable, match="0600"):
        load_kek(path)


def test_the_environment_secret_takes_the_place_of_the_file_and_errors_never_quote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kek.json"
    ensure_kek_file(path)
    monkeypatch.setenv("HUZHU_KEK", path.read_text())
    assert load_kek(None).version == 1
    for wrong in ("canary-secret", '{"1": "canary-secret"}', "[]", "{}", '{"1": "AAAA"}'):
        monkeypatch.setenv("HUZHU_KEK", wrong)
        with pytest.raises(KekUnusable) as refused:
            load_kek(None)
        assert "canary" not in str(refused.value)
        assert refused.value.__cause__ is None
