"""Mail of other projects' corpora, when they lie beside this repository; the score may not fall."""

import base64
import contextlib
import hashlib
import importlib.util
import json
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mailboxes.parsing import DEFAULT, Address, Unparseable, parse
from mailboxes.parsing.attached_mail import words_of_attached
from mailboxes.parsing.bodies import sort_bodies
from mailboxes.parsing.parse import open_mail
from mailboxes.parsing.replies import new_text

BESIDE = Path(__file__).resolve().parents[4] / "shared"
FLOOR: dict[str, int] = json.loads(Path(__file__).with_name("score_floor.json").read_text())

pytestmark = pytest.mark.skipif(
    not (BESIDE / "corpora").is_dir(), reason="The corpora are not beside the repository."
)


def people(addresses: Sequence[Address]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.email} for one in addresses]


def as_facts(raw: bytes, *, corpus: str = "") -> dict[str, Any]:
    """Put a parsed mail into the words of the scoring tool and of the corpus (its manifest defines them).

    Facts about HTML are about unsanitised markup. What is "the text" of a mail with several is a matter of words:
    the first one (stalwart), one after the other with dashes between (enmime), or all of them. imap_tools counts no
    text made of HTML, and what is in attached mails, which we open beside the mail, to the mail itself.
    """
    message, opens = parse(raw), corpus == "imap_tools"
    mails = [one for one in message.parts if opens and one.content_type == "message/rfc822"]
    inside = [as_facts(one.content.read(), corpus=corpus) for one in mails]
    own = sort_bodies(open_mail(raw, cuts={}, limits=DEFAULT).tree)
    bodies = own if opens else words_of_attached(own, limits=DEFAULT) or own
    texts = [one.plain for one in bodies.segments if one.plain is not None]
    text = {"stalwart": texts[:1], "enmime": ["\n--\n".join(texts)], "imap_tools": texts}.get(corpus, [])
    text += [one["text_body"] for one in inside]
    failed = (
        [one.address for one in message.bounce.recipients if one.action != "delayed"]
        if message.bounce
        else []
    )
    html = "".join([bodies.html_source, *(one["html_body"] for one in inside)])
    if opens:  # it writes the charset anew that it decoded from
        html = re.sub(r"(?<=charset=)[A-Za-z0-9-]+", "utf-8", html)
    kept = 15 if corpus == "chatwoot" else None  # it stores no more files of one mail
    undated = "1900-01-01T00:00:00" if opens else ""
    return {
        "subject": message.subject,
        "from": people([message.sender]) if message.sender.name or message.sender.email else [],
        "to": people(message.to),
        "cc": people(message.cc),
        "reply_to": people(message.reply_to),
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "references": message.references,
        "text_body": "".join(text) or ("" if opens else message.text),
        "html_body": html,
        "date": message.sent_at.isoformat() if message.sent_at else undated,
        "is_auto_reply": message.is_auto_reply,
        "is_bounce": message.bounce is not None,
        "failed_recipients": failed,
        "attachments": [
            {
                "filename": one.filename,
                "size": one.size_bytes,
                "md5": hashlib.md5(one.content.read()).hexdigest(),
            }
            for one in message.parts[:kept]
        ]
        + [file for one in inside for file in one["attachments"]],
    }


def scoring_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_corpora", BESIDE / "tools" / "score_corpora.py")
    assert spec
    assert spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


Score = dict[str, dict[str, list[int]]]


@pytest.fixture(scope="module")
def scores() -> Score:
    """Give right facts and all facts, by corpus and kind of fact."""
    tool, found = scoring_tool(), {}
    for corpus in FLOOR:
        read = partial(as_facts, corpus=corpus)
        found |= tool.score(parse=read, strip_reply=new_text, only=[corpus], corpora=str(BESIDE / "corpora"))[
            0
        ]
    return found


def right(facts: dict[str, list[int]]) -> int:
    return sum(good for good, _ in facts.values())


@pytest.mark.parametrize("corpus", FLOOR)
def test_score_of_a_corpus_does_not_fall(corpus: str, scores: Score) -> None:
    assert right(scores[corpus]) >= FLOOR[corpus]


@pytest.mark.parametrize("corpus", FLOOR)
def test_no_corpus_is_read_worse_than_by_the_standard_library(corpus: str, scores: Score) -> None:
    tool = scoring_tool()
    found = tool.score(parse=tool.baseline, strip_reply=str, only=[corpus], corpora=str(BESIDE / "corpora"))
    theirs = right(found[0][corpus])
    assert right(scores[corpus]) >= theirs


@pytest.mark.parametrize("corpus", [name for name in FLOOR if "reply" in name])
def test_nine_of_ten_replies_of_each_corpus_are_told_from_their_history(corpus: str, scores: Score) -> None:
    assert right(scores[corpus]) >= 0.9 * sum(count for _, count in scores[corpus].values())


def test_97_of_100_facts_about_mails_are_right(scores: Score) -> None:
    """Over all corpora of whole mails, their malformed ones included; bounces and replies have scores of their own."""
    mails = [score for name, score in scores.items() if "reply" not in name and "bounces" not in name]
    assert sum(map(right, mails)) >= 0.97 * sum(count for one in mails for _, count in one.values())


@pytest.mark.parametrize("suffix", [".eml", ".raw", ".txt", ".msg", ".dat", ".html"])
def test_no_file_of_any_corpus_raises(suffix: str) -> None:
    for file in (BESIDE / "corpora").rglob(f"*{suffix}"):
        with contextlib.suppress(Unparseable):
            parse(file.read_bytes())


def manifest(corpus: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((BESIDE / "corpora" / corpus / "manifest.json").read_text())[
        "items"
    ]
    return items


def digest(content: bytes) -> str:
    """Hash a file as the corpus keeps it: texts came through a version control that changes line ends."""
    return hashlib.md5(content).hexdigest()


def test_every_file_of_every_winmail_is_unpacked() -> None:
    for item in manifest("tnef"):
        packet = base64.encodebytes((BESIDE / "corpora" / "tnef" / item["file"]).read_bytes())
        head = b"From: a@b.example\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"
        contents = [one.content.read() for one in parse(head + packet).parts]
        found = {digest(one) for one in contents}
        found |= {digest(one.replace(b"\r\n", b"\n")) for one in contents}
        assert {file["md5"] for file in item["expected"]["attachments"]} <= found


def test_every_reply_of_talon_is_told_from_its_history() -> None:
    for item in manifest("talon"):
        raw, expected = (BESIDE / "corpora" / "talon" / item["file"]).read_bytes(), item["expected"]
        if item["file"].endswith(".html"):
            raw = b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n" + raw
            assert "".join(parse(raw).new_text.split()) == expected["stripped_reply_no_whitespace"]
        elif item["file"].endswith(".eml"):
            assert parse(raw).new_text == expected["stripped_reply"]
