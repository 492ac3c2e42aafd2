"""The rules of a provisioning document."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.m365integration.test_provisioning import DOCUMENT, Json, Provision, changed, counts, provision
from tests.m365integration.test_provisioning_faults import faults
from tickets.models import Rule

__all__ = ["provision"]

pytestmark = pytest.mark.django_db

RULE: Json = {
    "name": "Invoices",
    "if": {
        "from": "*@fabrikam.example",
        "to": "help+billing@*",
        "subject": "/invoice \\d+/",
        "body": "*due*",
        "header": "X-Priority: 1*",
        "has_attachment": True,
        "verdict": "person",
    },
    "then": {
        "queue": "Support",
        "assignee": "agent1",
        "tags": ["Invoice"],
        "priority": "high",
        "answer": False,
        "stop": True,
    },
}
ADS: Json = {"name": "Ads", "if": {"verdict": "newsletter"}, "then": {"discard": "advertising"}}


def with_rules(*rules: Any) -> Json:
    return changed("tenants.0.rules", list(rules))


def test_rules_become_rows_in_their_order(provision: Provision) -> None:
    answer = provision(with_rules(RULE, ADS))
    assert counts(answer, "created")["rules"] == 2
    first, second = Rule.objects.order_by("place")
    assert (first.name, first.recipient, first.subject) == ("Invoices", "help+billing@*", "/invoice \\d+/")
    assert (first.queue.name, first.assignee.username, first.priority) == ("Support", "agent1", 3)
    assert (first.tags, first.has_attachment, first.is_unanswered, first.is_last) == (
        ["invoice"],
        True,
        True,
        True,
    )
    assert (second.name, second.discard, second.is_unanswered) == ("Ads", "advertising", False)


def test_same_rules_again_change_nothing(provision: Provision) -> None:
    provision(with_rules(RULE, ADS))
    again = provision(with_rules(RULE, ADS))
    assert (counts(again, "created"), counts(again, "updated")) == ({}, {})


def test_condition_that_is_left_out_is_asked_no_more(provision: Provision) -> None:
    provision(with_rules(RULE))
    provision(with_rules({"name": "Invoices", "then": {"stop": True}}))
    rule = Rule.objects.get()
    assert (rule.sender, rule.has_attachment, rule.queue, rule.tags) == ("", None, None, [])


def test_rules_that_are_absent_stay(provision: Provision, settings: Settings) -> None:
    provision(with_rules(RULE))
    provision(DOCUMENT)
    assert Rule.objects.count() == 1


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({}, ".name", "missing"),
        ({"name": "x", "iff": {}}, ".iff", "key_unknown"),
        ({"name": "x", "if": {"form": "*"}}, ".if.form", "key_unknown"),
        ({"name": "x", "if": {"subject": "/(a/"}}, ".if.subject", "pattern_unusable"),
        ({"name": "x", "if": {"verdict": "out of office"}}, ".if.verdict", "no_verdict"),
        ({"name": "x", "if": {"header": "no header: x"}}, ".if.header", "invalid"),
        ({"name": "x", "if": {"has_attachment": "yes"}}, ".if.has_attachment", "not_a_flag"),
        ({"name": "x", "if": {"larger_than_kb": -1}}, ".if.larger_than_kb", "not_a_size"),
        ({"name": "x", "then": {"queue": "Sales"}}, ".then.queue", "queue_unknown"),
        ({"name": "x", "then": {"assignee": "nobody"}}, ".then.assignee", "member_of_staff_unknown"),
        ({"name": "x", "then": {"priority": "top"}}, ".then.priority", "not_a_choice"),
        ({"name": "x", "then": {"tags": "a"}}, ".then.tags", "not_tags"),
        ({"name": "x", "then": {"answer": "no"}}, ".then.answer", "not_a_flag"),
    ],
)
def test_rule_at_fault_is_named_by_its_path(provision: Provision, rule: Json, path: str, code: str) -> None:
    assert (f"tenants[0].rules[0]{path}", code) in faults(provision(with_rules(rule)))
    assert not Rule.objects.exists()


def test_rule_stands_once(provision: Provision) -> None:
    found = faults(provision(with_rules(ADS, ADS)))
    assert ("tenants[0].rules[1].name", "duplicate") in found
