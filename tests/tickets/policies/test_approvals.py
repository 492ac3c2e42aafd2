"""Does an answer decide? Only beyond doubt."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailboxes.parsing import ParsedMessage
from tests.tickets.policies.letters import RECEIVED_AT, letter
from tests.tickets.policies.test_trust import BORDER, FAILED, INSIDE, PASSED, results
from tickets.policies.approvals import Asked, Outcome, judge_answer, outcome
from tickets.policies.decision_words import APPROVING, REJECTING
from tickets.policies.decisions import Counts, Decision, Meaning, Words, read_decision
from tickets.policies.loops import judge
from tickets.policies.own_words import LINES
from tickets.policies.trust import judge_sender

WORDS = Words.of()
#: The same examples in every run, however slow the machine.
CALM = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ASKED = Asked(
    address="ada@fabrikam.example",
    is_decided=False,
    is_open=True,
    deadline_at=RECEIVED_AT + timedelta(hours=1),
    received_at=RECEIVED_AT,
    own_domains=frozenset({"contoso.example"}),
)
PROOF = (INSIDE, results(PASSED), BORDER)
ADA = "Ada <ada@fabrikam.example>"


def mail(*lines: str, sender: str = ADA, subject: str = "Re: Please decide", text: str = "") -> ParsedMessage:
    head = [*lines, f"From: {sender}", "To: help@contoso.example", f"Subject: {subject}"]
    kind = "Content-Type: text/plain; charset=utf-8"
    return letter("\r\n".join([*head, kind, "", text or "Approved."]).encode())


def judged(message: ParsedMessage, asked: Asked = ASKED) -> Decision:
    verdict = judge(message, own=())
    return judge_answer(message, asked, verdict=verdict, trust=judge_sender(message), words=WORDS)


def read(text: str) -> Counts:
    return read_decision(text, WORDS, name="Ada").counts


def test_a_proven_answer_in_time_counts() -> None:
    assert judged(mail(*PROOF)) == Decision(Counts.APPROVED, "it begins with “approved”")


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Approved", Counts.APPROVED),
        ("APPROVED!\n\nAda", Counts.APPROVED),
        ("Yes, approved. Thank you", Counts.APPROVED),
        ("ok thanks", Counts.APPROVED),
        ("Genehmigt.\nViele Grüße\nAda", Counts.APPROVED),
        ("J’approuve", Counts.APPROVED),
        ("Zatwierdzam", Counts.APPROVED),
        ("承認します。よろしく", Counts.APPROVED),
        ("Rejected: there is no budget, and not this year", Counts.REJECTED),
        ("Nein", Counts.REJECTED),
        ("Nicht genehmigt", Counts.REJECTED),
        ("承認しません", Counts.REJECTED),
    ],
)
def test_a_word_that_decides_counts_at_the_beginning(text: str, counts: Counts) -> None:
    assert read(text) is counts


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n> Approved\n",
        "Well, approved",
        "Approved or rejected?",
        "Approved?",
        "Approved, but not the second one",
        "Approved, if it costs less than 100",
        "Approved.\nBut only for this year",
        "Genehmigt, sofern es passt",
        "Yes we should talk",
        "OK I will look at it tomorrow",
        "No problem",
        "No objections from me, approved",
        "I have not approved this",
        "Unapproved",
        "👍",
        "Approved " + "x" * 6000,
    ],
)
def test_whatever_leaves_a_doubt_decides_nothing(text: str) -> None:
    assert read(text) is Counts.DOUBTFUL


def test_what_a_phone_leaves_below_our_line_is_not_the_approvers_word() -> None:
    for line in LINES.values():
        assert read(f"Approved\n\nSent from a phone\n{line}\nBegin with approve or reject") is Counts.APPROVED
        assert read(f"{line}\nApprove or reject") is Counts.DOUBTFUL


@CALM
@given(st.text(max_size=300))
def test_any_text_is_read_to_some_end(text: str) -> None:
    """Whatever comes, it raises nothing, and without a deciding word nothing is decided."""
    decision = read_decision(text, WORDS)
    known = {word for phrase in (*APPROVING, *REJECTING) for word in phrase.split()}
    if decision.counts is not Counts.DOUBTFUL:
        assert any(word in text.casefold().replace("’", "'") for word in known) or not text.isascii()


@CALM
@given(st.sampled_from(APPROVING), st.sampled_from(REJECTING), st.sampled_from([" ", "\n\n", ". ", ", "]))
def test_yes_and_no_together_decide_nothing(yes: str, no: str, between: str) -> None:
    assert read(f"{yes}.{between}{no}.") is Counts.DOUBTFUL
    assert read(f"{no}.{between}{yes}.") is Counts.DOUBTFUL


@CALM
@given(st.sampled_from(APPROVING), st.booleans())
def test_every_word_of_the_list_approves_alone_in_any_case(phrase: str, is_loud: bool) -> None:
    assert read(phrase.upper() if is_loud else phrase.capitalize()) is Counts.APPROVED


@CALM
@given(st.sampled_from(REJECTING))
def test_every_word_of_the_list_rejects_alone(phrase: str) -> None:
    assert read(phrase) is Counts.REJECTED


def test_a_tenants_own_words_go_over_the_common_ones() -> None:
    words = Words.of([("Ship it", Meaning.APPROVE), ("ok", None), ("approved", Meaning.REJECT)])
    found = [read_decision(text, words).counts for text in ("ship it!", "ok", "Approved")]
    assert found == [Counts.APPROVED, Counts.DOUBTFUL, Counts.REJECTED]


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        ((), Counts.UNPROVEN),
        ((BORDER,), Counts.UNPROVEN),
        ((INSIDE, results(FAILED), BORDER), Counts.UNPROVEN),
        ((INSIDE, BORDER, results(PASSED)), Counts.UNPROVEN),
        (
            (INSIDE, results("spf=pass; dkim=pass; dmarc=none;compauth=pass reason=130"), BORDER),
            Counts.UNPROVEN,
        ),
        (
            (INSIDE, results("dkim=pass; dmarc=bestguesspass header.from=fabrikam.example"), BORDER),
            Counts.APPROVED,
        ),
        ((INSIDE, results("spf=pass; dkim=pass; dmarc=pass"), BORDER), Counts.UNPROVEN),
        ((INSIDE, results(f"{PASSED}; dmarc=fail header.from=fabrikam.example"), BORDER), Counts.UNPROVEN),
        ((INSIDE, results(f"{FAILED}; dmarc=pass header.from=fabrikam.example"), BORDER), Counts.UNPROVEN),
        ((INSIDE, results(f"{PASSED}; dmarc=pass header.from=evil.example"), BORDER), Counts.UNPROVEN),
        ((*PROOF, "From: ada@fabrikam.example"), Counts.UNPROVEN),
        ((INSIDE, "X-MS-Exchange-Organization-AuthAs: Internal"), Counts.UNPROVEN),
    ],
)
def test_only_a_proven_sender_decides(lines: tuple[str, ...], counts: Counts) -> None:
    """S-67, S-68, S-70."""
    assert judged(mail(*lines)).counts is counts


@pytest.mark.parametrize(("mark", "counts"), [("Internal", Counts.APPROVED), ("Anonymous", Counts.UNPROVEN)])
@pytest.mark.parametrize("checks", [(), (results("dkim=none; dmarc=none"),)])
def test_inside_one_directory_exchanges_own_mark_is_proof(
    mark: str, counts: Counts, checks: tuple[str, ...]
) -> None:
    lines = (INSIDE, *checks, f"X-MS-Exchange-Organization-AuthAs: {mark}")
    asked = replace(ASKED, address="boss@contoso.example")
    assert judged(mail(*lines, sender="boss@contoso.example"), asked).counts is counts


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        (mail(*PROOF, sender="eve@fabrikam.example"), Counts.OTHER_SENDER),
        (mail(*PROOF, "Sender: eve@fabrikam.example"), Counts.OTHER_SENDER),
        (mail(*PROOF, "Sender: ada@fabrikam.example", "Sender: eve@x.example"), Counts.OTHER_SENDER),
        (mail(*PROOF, "Reply-To: ada@fabrikam.example", sender="eve@x.example"), Counts.OTHER_SENDER),
        (mail(*PROOF, "Auto-Submitted: auto-replied"), Counts.AUTOMATIC),
        (mail(*PROOF, subject="Automatic reply: Please decide"), Counts.AUTOMATIC),
        (mail(*PROOF, subject="FW: Please decide"), Counts.FORWARDED),
        (mail(*PROOF, subject="[extern] WG: Please decide"), Counts.FORWARDED),
        (mail(*PROOF, "Resent-From: ada@fabrikam.example"), Counts.FORWARDED),
        (
            mail(*PROOF, text="Approved\r\n\r\n---------- Forwarded message ---------\r\nFrom: x"),
            Counts.FORWARDED,
        ),
    ],
)
def test_automatic_forwarded_and_foreign_mail_decides_nothing(message: ParsedMessage, counts: Counts) -> None:
    assert judged(message).counts is counts


@pytest.mark.parametrize(
    ("html", "counts"),
    [
        ("<p>Approved</p>", Counts.APPROVED),
        ("<p><s>Approved</s></p>", Counts.DOUBTFUL),
        ("<p><del>Approved</del></p>", Counts.DOUBTFUL),
        ('<p><span style="text-decoration:line-through">Approved</span></p>', Counts.DOUBTFUL),
    ],
)
def test_what_is_struck_through_decides_nothing(html: str, counts: Counts) -> None:
    head = [*PROOF, f"From: {ADA}", "To: help@contoso.example", "Subject: Re: Please decide"]
    message = letter("\r\n".join([*head, "Content-Type: text/html", "", html]).encode())
    assert judged(message).counts is counts


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"is_decided": True}, Counts.REPEATED),
        ({"is_open": False}, Counts.LATE),
        ({"received_at": RECEIVED_AT + timedelta(hours=2)}, Counts.LATE),
        ({"is_direct": False}, Counts.DOUBTFUL),
        ({"address": "ADA@Fabrikam.Example"}, Counts.APPROVED),
    ],
)
def test_late_and_repeated_answers_decide_nothing(changes: dict[str, Any], counts: Counts) -> None:
    assert judged(mail(*PROOF), replace(ASKED, **changes)).counts is counts


@CALM
@given(st.integers(1, 9), st.data())
def test_an_approval_ends_with_its_quorum_or_without_hope(approvers: int, data: st.DataObject) -> None:
    quorum = data.draw(st.integers(1, approvers))
    approved = data.draw(st.integers(0, approvers))
    rejected = data.draw(st.integers(0, approvers - approved))
    found = outcome(approvers=approvers, quorum=quorum, approved=approved, rejected=rejected)
    assert (found is Outcome.APPROVED) == (approved >= quorum)
    if approved + rejected == approvers:
        assert found is not Outcome.OPEN
