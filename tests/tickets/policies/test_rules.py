"""What rules make of a mail: in their order, with reasons."""

import random
from typing import Any

import pytest

from tests.tickets.policies.letters import letter
from tickets.policies.loops import judge
from tickets.policies.rules import Actions, Conditions, Facts, Outcome, Rule, decide, facts_of
from tickets.policies.trust import judge_sender

PDF = (
    b"From: ada@fabrikam.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: "
    b"application/pdf\r\nContent-Disposition: attachment; filename=Order.PDF\r\n\r\nabc\r\n--x--\r\n"
)


def facts(raw: bytes = b"", **headers: str) -> Facts:
    message = letter(raw, **headers)
    return facts_of(
        message,
        verdict=judge(message, own=()),
        trust=judge_sender(message),
        mailbox_address="desk@contoso.example",
        size_bytes=5_000,
    )


def rule(pk: int = 1, **wanted: Any) -> Rule:
    asked = {name: wanted.pop(name) for name in list(wanted) if name in Conditions.__slots__}
    return Rule(pk=pk, name=f"Rule {pk}", conditions=Conditions(**asked), actions=Actions(**wanted))


def fits(conditions: dict[str, Any], mail: Facts) -> bool:
    return decide([rule(**conditions)], mail).steps[0].has_acted


@pytest.mark.parametrize(
    "conditions",
    [
        {"sender": "*@fabrikam.example"},
        {"sender": "Ada Byron*"},
        {"recipient": "help+billing@*"},
        {"recipient": "help@contoso.example"},
        {"recipient": "desk@contoso.example"},
        {"recipient": "alias@contoso.example"},
        {"subject": "/printer is/"},
        {"body": "*burns*"},
        {"header": "X-Kind: or*"},
        {"header": "x-kind"},
        {"verdict": "person"},
        {"verdict": "sender_unknown"},
        {"has_attachment": False},
        {"min_bytes": 5_000, "max_bytes": 5_000},
        {},
    ],
)
def test_condition_is_met(conditions: dict[str, Any]) -> None:
    mail = facts(to="help+billing@contoso.example", x_kind="order", delivered_to="<Alias@contoso.example>")
    assert fits(conditions, mail)


@pytest.mark.parametrize(
    "conditions",
    [
        {"sender": "fabrikam.example"},
        {"recipient": "help+sales@*"},
        {"header": "X-Other: *"},
        {"verdict": "bounce"},
        {"has_attachment": True},
        {"attachment": "*"},
        {"min_bytes": 5_001},
        {"max_bytes": 4_999},
        {"subject": "*printer*", "body": "*nothing of the kind*"},
    ],
)
def test_condition_is_not_met_and_says_why(conditions: dict[str, Any]) -> None:
    step = decide([rule(**conditions)], facts(x_kind="order")).steps[0]
    assert (step.has_acted, bool(step.why)) == (False, True)


def test_file_is_found_by_its_name() -> None:
    assert fits({"attachment": "*.pdf", "has_attachment": True}, facts(PDF))


def test_automatic_mail_is_told_apart() -> None:
    assert fits({"verdict": "newsletter"}, facts(list_unsubscribe="<mailto:x@y.example>"))
    assert fits({"verdict": "out_of_office"}, facts(auto_submitted="auto-replied"))


def test_later_rule_has_the_last_word_and_tags_add_up() -> None:
    outcome = decide([rule(1, queue_id=7, tags=("a",)), rule(2, queue_id=8, tags=("a", "b"))], facts())
    assert (outcome.queue_id, outcome.tags) == (8, ["a", "b"])


def test_rule_that_says_stop_is_the_last_one_asked() -> None:
    outcome = decide([rule(1, is_last=True), rule(2, queue_id=8)], facts())
    assert (outcome.queue_id, [step.pk for step in outcome.steps]) == (None, [1])


def test_rule_that_does_not_fit_stops_nothing() -> None:
    outcome = decide([rule(1, sender="nobody", is_last=True), rule(2, queue_id=8)], facts())
    assert outcome.queue_id == 8


def test_discarded_mail_names_the_rule_and_its_reason() -> None:
    outcome = decide([rule(1, discard="advertising"), rule(2, queue_id=8)], facts())
    assert (outcome.discard, outcome.queue_id) == ("discarded by the rule Rule 1: advertising", None)


def test_expression_that_gives_up_does_not_fit_and_says_so() -> None:
    text = "".join(random.Random(1).choices("ab", k=30_000))
    step = decide([rule(body="/(a|b)*a(a|b){20}c/")], facts(text=text)).steps[0]
    assert not step.has_acted
    assert "too long" in step.why


def test_without_rules_nothing_is_wanted() -> None:
    assert decide([], facts()) == Outcome()
