"""What the words of an answer decide: as people write them, with what their programs and firms put around."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tickets.policies.decision_words import AGAINST, APPROVING, LIMITING, REJECTING
from tickets.policies.decisions import Counts, Words, read_decision
from tickets.policies.own_words import LINES

WORDS = Words.of()
NAME = "Ada Lovelace"
#: The same examples in every run, however slow the machine.
CALM = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
DISCLAIMER = (
    "This e-mail and its attachments are confidential and legally privileged. If you are not the intended recipient,\n"
    "you must not use it. No liability is accepted unless agreed in writing."
)
HAFTUNG = (
    "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen. Wenn Sie nicht der richtige\n"
    "Adressat sind, informieren Sie bitte sofort den Absender. Das unerlaubte Kopieren ist nicht gestattet."
)
BANNER = "CAUTION: This email originated from outside of the organization. Do not click on links in it."


def read(text: str, *, name: str = NAME) -> Counts:
    return read_decision(text, WORDS, name=name, asker="Grace Hopper").counts


@pytest.mark.parametrize(
    "text",
    [
        "Approved, please order it",
        "Approved – thanks for asking",
        "I approve this request.",
        "I approve it",
        "Hiermit genehmige ich das",
        "Approved from my side",
        "Hello Grace,\n\nApproved.",
        "Hallo Frau Hopper,\ngenehmigt.",
        "Approved.\n\nBest regards\nAda Lovelace\nHead of Purchasing\nCompany No. 12345",
        "Approved\n\nAda",
        "Approved\n\nRegards\nAda\nOffice days: Monday to Wednesday only",
        "Approved\n\nAda Lovelace | Purchasing\nFabrikam Ltd, Company No. 12 34\nTel. +44 20 1234",
        f"Approved.\n\nKind regards,\nAda\n\n{DISCLAIMER}",
        f"Genehmigt.\n\nMit freundlichen Grüßen\nAda Lovelace\n\nFabrikam GmbH\nHRB 123\n\n{HAFTUNG}",
        f"Approved\n\n{DISCLAIMER}",
        f"{BANNER}\n\nApproved",
        "[EXTERNAL EMAIL]\n\nApproved",
        "EXTERNAL EMAIL: Do not click links.\n\nApproved",
        "Sie erhalten nicht oft eine E-Mail von a@b.example. Erfahren Sie, warum dies wichtig ist\n\nOk",
        "Attention : ce message provient d'un expéditeur externe.\nApprouvé",
        "*** Extern ***\nHallo Grace,\ngenehmigt",
        "Approved.\nIf you have questions, call me.",
        "Ok\n\nAda",
        "Ok\n\nAda Lovelace | Purchasing\nFabrikam Ltd",
        "Ja, gerne.\n\nViele Grüße\nAda",
        "Yes, approved.",
        "Yes. Approved!",
        "Okay, thanks!\nRegards, Ada",
        "👍 Approved",
        "同意。谢谢",
        "Ich genehmige den Antrag",
        "Hiermit genehmige ich die Bestellung.",
        "J'approuve la demande.",
        "I approve your request",
        "Approved as requested",
        "Approved, please go ahead and order it.",
        "Ich bin einverstanden",
        "Von meiner Seite genehmigt",
        "Ist freigegeben",
        "Zustimmung erteilt",
        "Stimme zu",
        "Ok für mich",
        "In Ordnung",
        "Je suis d'accord",
        "Approuvée",
        "Validée",
        "C'est validé",
        "OK pour moi",
        "OK for me",
        "Hi Grace, approved",
        "Thanks Grace, approved.",
        "Approved. No further questions.",
        "Approved, no objections",
        "Genehmigt, keine Einwände",
        "Ja, bitte bestellen",
        "Ok.\n\nBR\nAda",
        "Ja.\n\nBG\nAda Lovelace",
        "Ja\n\nHerzliche Grüße\nAda Lovelace",
        "Ja\n\nFreundliche Grüsse\nAda Lovelace\nLeiterin Einkauf",
        "Oui.\n\nBien à vous\nAda Lovelace",
        "Oui\n\nCdt\nAda",
        "Yes.\nThanks, Ada",
        "Yes, thanks Ada",
        "Yes, thanks Grace",
        "Ok\n\nA. Lovelace\nPurchasing",
        "Approved\n\nRegards\nBob Miller\nHead of Purchasing\nTel. +44 20 1234\nhttps://fabrikam.example/?a=b",
        "Ok, danke dir\n\nAda Lovelace\nVP Sales, Fabrikam Inc.",
        "Approved :-) 👍🏽",
        "Approved\n> Shall I?\n\nRegards\nAda",
    ],
)
def test_people_approve_like_this(text: str) -> None:
    assert read(text) is Counts.APPROVED


@pytest.mark.parametrize(
    "text",
    [
        # It goes on, and means something else.
        "Approved budget is exhausted",
        "Approved by Carl?",
        "Approved by nobody",
        "Approve the first one",
        "Approve what",
        "Approval granted to whom",
        "Go ahead and send me the quote first",
        "Accept my apologies for the late reply",
        "Confirmed, I have got your mail and will look into it",
        "I agree with Carl, we should wait",
        "I agree in principle",
        "Granted, it is a nice printer",
        "I accept your invitation",
        "Genehmigt wird nichts",
        "同意，但是太贵了",
        # It says only that the mail has come.
        "Ok.\nI will look at it tomorrow",
        "OK\n\nLet me ask Carl first",
        "Yes.\nWhat does it cost?",
        "Ja.\nMelde mich",
        "Einverstanden, ich schaue es mir an",
        # It is limited, depends on something or is taken back.
        "Approved up to 100 EUR",
        "Approved, 100 EUR",
        "Approved, two of them",
        "Approved, until Friday",
        "Approved.\nThanks for asking.\nBut only for this year.",
        "Approved.\nThis is only for 2026",
        "Approved.\nLet us do it if the price holds.",
        "Approved, subject to the usual terms",
        "Approved. Actually, wait.",
        "Approved - oops, wrong mail, please ignore",
        "Approved. I have changed my mind",
        "Approved. Forget it",
        "Approved. On second thought, let us see",
        "Approved; cancelled later",
        "Approved, provisionally",
        "Approved, minus the second",
        "Genehmigt. Ich habe es mir anders überlegt",
        "Genehmigt, vorläufig",
        "Approved. However, Carl has to agree.",
        "Genehmigt, außer dem zweiten",
        "Genehmigt vorbehaltlich der Prüfung",
        "Genehmigt.\nAllerdings nur für Bob.",
        "Approuvé, sauf le deuxième",
        "Aprobado, siempre que sea barato",
        "Εγκρίνω.\nΑλλά μόνο φέτος",
        "Aprob. Nu e bine",
        # It says the opposite.
        "Approved: none of this",
        "Approved = false",
        "Approved. I don't think so",
        "Approved, I dont think so",
        "Approved ❌",
        "👎 Approved",
        "J'approuve, mais n'achetez rien",
        # What stands there is not the approver's.
        "> Approved",
        "> Approved\n> On Monday Grace wrote:",
        "> Shall I?\nApproved",
        "-- \nApproved",
        "Hello\n\nApproved Ltd",
        # Something is said below the signature.
        "Approved.\n\nRegards\nAda\n\nPS: only the cheap one",
        "Approved.\n\nRegards\nAda\nBut please wait for Bob first.",
        "Approved.\n\nRegards\nAda\n\nactually wait for Bob",
        "Approved\n\nAda\nbut only the cheap one",
        "Approved\n\nAda\nnot the second one",
        "Hi I cannot\napprove",
        "Hi not\napproved",
        "External auditors have not\napproved",
        "👍",
        "I would approve if it were cheaper",
        "Yes, but later",
        "not approved yet, approved tomorrow",
        # Words of no list.
        "Approved: it fits the budget",
        "Approved (see the minutes)",
        "Approved, with the exception of the laptops",
        "Approved. Remove the laptops.",
        "Approved, says Peter",
        "Genehmigt. Bob muss zustimmen.",
        "Approved\n500 EUR",
        "Please approve",
        "Approve this please",
        # Signs that say something.
        "[ ] approved",
        "Approved: [ ]",
        "Approved: ____",
        "Approved (y/n)",
        "Approved 🤔",
        "Approved ;-)(",
        "~~approved~~",
        "Approved...?",
        "Approved!?",
        "Approved ❓",
        "Genehmigt. Oder?",
        "Approved. Correct?",
        # Our own line.
        "approve (or: approved, genehmigt, approuvé, aprobado …)",
        # Between the quotes.
        "Approved.\n> 10 laptops\nNo, only 5.",
        "Approved\n\n> and the chairs?\nNot these.",
        # Below the name or the closing formula.
        "Approved\n\nAda\nRejected",
        "Approved\nAda\nuntil Friday",
        "Approved\n\nAda\nAnd the chairs?",
        "Approved\n\nAda\nJust five",
        "Approved\n\nAda Lovelace, five laptops less",
        "Approved\n\nAda\nPlease order it without laptops.",
        "Genehmigt\n\nMit freundlichen Grüßen\nAda Lovelace\n\nDie Laptops lehne ich ab",
        "Approved\n\nRegards\nRejected",
        "Approved\n\nRegards\nJust the second laptop",
        "Approved\n\n-- \nRejected",
        # No small print and no warning: somebody's own words.
        "Approved.\nThe money is intended for the new office, the laptops are not part of what it pays for.",
        "Approved.\nMy message of yesterday was confidential, and I have told you there which of them to order.",
        "Approved.\nPlease consider the environment though: everybody takes the train, nobody takes a flight.",
        "Attention: only the external part.\nApproved.",
        "Achtung: die externen Kosten nicht.\nGenehmigt.",
    ],
)
def test_whatever_could_mean_anything_else_approves_nothing(text: str) -> None:
    assert read(text) is not Counts.APPROVED


@pytest.mark.parametrize("name", ["Max Müller", "Mai Nguyen", "Till Je", "No Lim"])
def test_a_name_that_is_a_word_signs(name: str) -> None:
    for signed in (name, name.split()[0]):
        assert read(f"Approved\n\nRegards\n{signed}\nPurchasing", name=name) is Counts.APPROVED, signed


def test_a_name_with_a_hyphen_signs() -> None:
    assert read("Ok\n\nAnna-Lena Müller | Einkauf", name="Anna-Lena Müller") is Counts.APPROVED


@pytest.mark.parametrize(
    "text", ["Rejected, too expensive.", "Abgelehnt\nDas ist zu teuer, oder?", "No thanks"]
)
def test_a_rejection_may_give_its_grounds(text: str) -> None:
    assert read(text) is Counts.REJECTED


@pytest.mark.parametrize("text", ["Rejected?", "No...?", "No problem", "Rejected\n\nAda\nApproved"])
def test_a_rejection_in_doubt_changes_nothing(text: str) -> None:
    assert read(text) is Counts.DOUBTFUL


def test_who_asks_may_be_thanked_in_small_letters() -> None:
    assert read("hi grace, ok, thanks grace") is Counts.APPROVED


def test_a_long_answer_is_not_read_at_all() -> None:
    started = time.monotonic()
    assert read("approved\n" + "some words in a line here to read\n" * 80_000) is Counts.DOUBTFUL
    assert time.monotonic() - started < 1


_AGAINST = sorted((AGAINST | LIMITING | set(REJECTING)) - {"tak"})
_BETWEEN = (
    *(" ", ", ", ".\n", ".\n\nThanks.\n", "\n> q\n", "\n\nAda\n", "\n\nRegards\nBob\n", "\n-- \n"),
    *(f"\n{BANNER}\n", "\nExternal: "),
)


@CALM
@given(
    st.sampled_from(APPROVING),
    st.sampled_from(_AGAINST),
    st.sampled_from(_BETWEEN),
    st.sampled_from(["", " x"]),
)
def test_no_approval_survives_a_word_against_it(phrase: str, against: str, between: str, more: str) -> None:
    assert read(f"{phrase}{between}{against}{more}") is not Counts.APPROVED


_UNKNOWN = [
    "maybe",
    "we shall see",
    "got it",
    "x",
    "12",
    "the laptops",
    "says Peter",
    "tbc",
    "?",
    "[ ]",
    "🤔",
]


@CALM
@given(
    st.sampled_from(APPROVING), st.sampled_from(_UNKNOWN), st.sampled_from([" ", ", ", ". ", "\n", "\n> q\n"])
)
def test_an_approval_says_nothing_that_is_not_known_to_be_harmless(
    phrase: str, more: str, between: str
) -> None:
    assert read(f"{phrase}{between}{more}") is not Counts.APPROVED
    assert read(f"{BANNER}\n{phrase}{between}{more}\n\nRegards\nAda\n{DISCLAIMER}") is not Counts.APPROVED


@CALM
@given(st.sampled_from(APPROVING), st.sampled_from(["", "Hello,\n", f"{BANNER}\n\n"]), st.booleans())
def test_what_programs_and_firms_add_keeps_no_word_from_deciding(
    phrase: str, above: str, is_long: bool
) -> None:
    below = f"\n\nBest regards\nAda Lovelace\n\n{DISCLAIMER}" if is_long else ""
    assert read(f"{above}{phrase}{below}") is Counts.APPROVED


@CALM
@given(st.sampled_from(REJECTING), st.text(max_size=80))
def test_no_rejection_is_ever_an_approval(phrase: str, more: str) -> None:
    assert read(f"{phrase} {more}") is not Counts.APPROVED


@CALM
@given(st.text(alphabet=st.sampled_from(" \n.,?!>-aeknotyifbud"), max_size=40), st.sampled_from(APPROVING))
def test_nothing_before_the_word_lets_it_pass(before: str, phrase: str) -> None:
    """Whatever stands above or before it, other than another word that approves."""
    assume(before.strip(" \n.,?!>-") and read(before) is not Counts.APPROVED)
    assert read(f"{before} {phrase}") is not Counts.APPROVED


@CALM
@given(st.sampled_from(sorted(LINES.values())), st.sampled_from(APPROVING))
def test_what_stands_below_our_line_decides_nothing(line: str, phrase: str) -> None:
    assert read(f"{line}\n{phrase}") is Counts.DOUBTFUL
    assert read(f"> {line}\n> {phrase}") is Counts.DOUBTFUL
