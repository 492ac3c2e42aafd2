"""The keys of an embedded deployment."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from m365integration.keys import Keys, load_or_make


def test_keys_are_made_once_and_read_afterwards(tmp_path: Path) -> None:
    first = load_or_make(tmp_path / "var" / "secret.json")
    assert load_or_make(tmp_path / "var" / "secret.json") == first


def test_key_file_and_its_folder_are_closed_to_other_accounts(tmp_path: Path) -> None:
    load_or_make(tmp_path / "var" / "secret.json")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("var", "var/secret.json")]
    assert modes == [0o700, 0o600]


def test_folder_somebody_made_before_is_closed_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    load_or_make(tmp_path / "secret.json")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_many_starters_at_once_agree_on_one_set_of_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(load_or_make, [tmp_path / "secret.json"] * 64))
    assert len(made) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret.json"]


def test_keys_are_long_and_differ(tmp_path: Path) -> None:
    keys = load_or_make(tmp_path / "secret.json")
    assert len(keys.secret_key) >= 50
    assert all(len(key) >= 32 and key != keys.secret_key for key in keys.fernet_keys)


def test_damaged_key_file_is_reported_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{", "utf-8")
    with pytest.raises(json.JSONDecodeError):
        load_or_make(tmp_path / "secret.json")
    assert (tmp_path / "secret.json").read_text("utf-8") == "{"


def test_printed_keys_show_no_key() -> None:
    assert repr(Keys(secret_key="s" * 50, fernet_keys=("f" * 40,))) == "Keys(1 encryption keys)"
