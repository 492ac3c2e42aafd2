"""What conditions look for: globs and expressions, and that none of them can keep a worker busy."""

import random
import re

import pytest

from tickets.policies.expressions import Expression, TooCostly
from tickets.policies.patterns import Pattern, pattern
from tickets.policies.syntax import ExpressionError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("*@fabrikam.example", "Ada@Fabrikam.example"),
        ("help+*@contoso.example", "help+billing@contoso.example"),
        ("*invoice*", "Your INVOICE 17"),
        ("a?c", "abc"),
        ("*a?c*d", "xxaabcd"),
        ("*", ""),
        ("STRASSE", "straße"),
    ],
)
def test_glob_is_like_the_whole_value(text: str, value: str) -> None:
    assert pattern(text).fits(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("invoice", "invoice 17"), ("a?c", "ac"), ("*ab*ba*", "aba"), ("a*a", "a"), ("[x]*", "xa")],
)
def test_glob_is_not_like_a_part(text: str, value: str) -> None:
    assert not pattern(text).fits(value)


@pytest.mark.parametrize("text", ["*a?b*", "*?*", "*a?*?b*", "*??c*a", "a*b?a*", "*ab?*?ba*"])
def test_glob_finds_what_the_usual_engine_finds(text: str) -> None:
    dice = random.Random(text)
    usual = re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    for _ in range(400):
        value = "".join(dice.choice("abc?") for _ in range(dice.randrange(14)))
        assert pattern(text).fits(value) == bool(usual.fullmatch(value)), value


@pytest.mark.parametrize(
    "text",
    [
        r"a|b", r"(ab)+c", r"^foo$", r"\bcat\b", r"[a-c]{2,3}x", r"[^a]b", r"a.*c", r"(a|ab)(c|bcd)(d*)",
        r"\d+-\d+", r"a{2}", r"x?y", r"\Bo", r"(a*)*b", r"(|a)b", r"^$", r"[]a]b", r"[\w.]+@x", r"(?:a|b){2,}c",
    ],
)  # fmt: skip
def test_expression_finds_what_the_usual_engine_finds(text: str) -> None:
    dice = random.Random(text)
    ours, usual = Expression(text), re.compile(text, re.IGNORECASE | re.MULTILINE)
    for _ in range(400):
        value = "".join(dice.choice("abcdx yfo1-@\n.AOct]") for _ in range(dice.randrange(14)))
        assert ours.is_in(value) == bool(usual.search(value)), value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"/(a+)+$/", "a" * 60_000 + "b"),
        (r"/(x+x+)+y/", "x" * 60_000),
        (r"/.*a.*b.*c.*d$/", "abc" * 20_000),
        (r"/(a|b)*a(a|b){20}c/", "".join(random.Random(1).choices("ab", k=60_000))),
        ("*a*b*c*d", "abc" * 20_000),
        ("*?a?b?c?d*", "abc" * 20_000),
        ("*" + "a?" * 200 + "b*", "a" * 65_536),
    ],
)
def test_no_pattern_keeps_a_worker_busy(text: str, value: str) -> None:
    """S-116, MT-165: bounded by the steps it takes, not by a clock."""
    try:
        assert not Pattern(text).fits(value)
    except TooCostly:
        assert "20" in text


@pytest.mark.parametrize(
    "text",
    ["/(a/", "/a)/", "/*a/", "/[a/", "/(?=a)/", r"/(a)\1/", "/a{200}/", "/a**/", "/[z-a]/", "/\\/", "x" * 501,
     "/((a{90}){90}){90}/"],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"\w+ .+"):
        Pattern(text)
