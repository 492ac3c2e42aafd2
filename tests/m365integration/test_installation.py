"""A copy of the database is another installation; the same one stays the same."""

from pathlib import Path

from m365integration.installation import own_name

URL = "https://desk.example"


def test_name_stays_and_another_folder_has_another(tmp_path: Path) -> None:
    names = [own_name(given="", public_url=URL, var_dir=tmp_path / place) for place in ("one", "one", "two")]
    assert names[0] == names[1] != names[2]


def test_folder_that_was_copied_whole_is_another_installation(tmp_path: Path) -> None:
    mine = own_name(given="", public_url=URL, var_dir=tmp_path / "one")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "installation").write_bytes((tmp_path / "one" / "installation").read_bytes())
    assert own_name(given="", public_url=URL, var_dir=tmp_path / "copy") != mine


def test_machines_of_one_production_share_a_name_by_setting_or_address() -> None:
    assert own_name(given="", public_url=URL, var_dir=None) == own_name(
        given="", public_url=URL, var_dir=None
    )
    assert own_name(given="blue", public_url=URL, var_dir=None) != own_name(
        given="", public_url=URL, var_dir=None
    )


def test_name_tells_nothing_of_what_it_is_made_from() -> None:
    assert "blue" not in own_name(given="blue", public_url=URL, var_dir=None)
