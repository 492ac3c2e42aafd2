"""The mix of mails for measuring: its shares, its threads, and that it is the same each time."""

from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from sandbox.letters import read_envelope
from sandbox.mail_mix import MailMix
from tests.sandbox.client import scenario
from tests.sandbox.conftest import Start

COUNT = 4000
MIX = MailMix(5)


@pytest.mark.parametrize(
    ("shape", "share"), [("plain", 0.6), ("outlook", 0.25), ("files", 0.1), ("automatic", 0.05)]
)
def test_share_of_each_shape_is_kept(shape: str, share: float) -> None:
    shapes = Counter(MIX.shape(index) for index in range(COUNT))
    assert shapes[shape] / COUNT == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(("shape", "size"), [("plain", 8_000), ("outlook", 40_000), ("files", 200_000)])
def test_size_of_each_shape_is_kept(shape: str, size: int) -> None:
    index = next(index for index in range(COUNT) if MIX.shape(index) == shape)
    assert len(MIX.mime(index)) == pytest.approx(size, rel=0.1)


def test_three_in_ten_answer_an_earlier_mail() -> None:
    parents = [(index, MIX.parent(index)) for index in range(COUNT)]
    answers = [(index, parent) for index, parent in parents if parent is not None]
    assert len(answers) / COUNT == pytest.approx(0.3, abs=0.02)
    assert all(parent < index for index, parent in answers)


def test_same_seed_gives_the_same_mails_and_another_seed_others() -> None:
    assert MailMix(5).mime(17) == MIX.mime(17)
    assert MailMix(6).mime(17) != MIX.mime(17)


def test_envelope_says_what_the_mail_says() -> None:
    for index in range(60):
        read, told = read_envelope(MIX.mime(index)), MIX.envelope(index)
        assert (read.message_id, read.subject, read.sent_at) == (told.message_id, told.subject, told.sent_at)
        assert (read.has_attachments, read.conversation) == (told.has_attachments, told.conversation)


def test_no_mail_of_the_mix_has_a_defect() -> None:
    parts = [part for index in range(60) for part in message_from_bytes(MIX.mime(index)).walk()]
    assert [part.defects for part in parts if part.defects] == []


def test_mix_can_be_written_to_files(tmp_path: Path) -> None:
    MIX.write(tmp_path, 3)
    assert (tmp_path / "000002.eml").read_bytes() == MIX.mime(2)


def test_ten_thousand_mails_take_no_disk_and_are_served(start: Start) -> None:
    client = start(scenario(mail=[{"mix": {"seed": 5, "count": 10_000}}])).signed_in()
    page = client.get(
        "mailFolders/inbox/messages/delta?$select=id", headers={"Prefer": "odata.maxpagesize=1"}
    ).json()
    mail = page["value"][0]
    assert client.get("mailFolders/inbox").json()["totalItemCount"] == 10_000
    assert client.get(f"messages/{mail['id']}/$value").content == MIX.mime(0)
