"""Templates of outgoing mail: words with named placeholders in braces, filled in one pass.

Nothing but a known name may stand between braces: no attributes, no formats, no tags. A value is put in as it is and
never looked at again, in one line, so that whatever a stranger writes into a subject stays a word among words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from mailboxes.parsing.gate import one_line

#: What may stand in a template, with an example of what it becomes.
EXAMPLES: Final = {
    "reference": "CON-7QF2KX4MZA",
    "subject": "Printer is on fire",
    "requester_name": "Ada Byron",
    "queue": "Support",
    "agent_name": "Helen Helper",
    "organisation": "Contoso",
    "address": "help@contoso.example",
}
#: What one value may take. Characters.
MAX_VALUE: Final = 200
_BRACES: Final = re.compile(r"\{([^{}\n]*)\}")


def unknown_in(template: str) -> list[str]:
    """Name what stands in braces and is no placeholder, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _BRACES.findall(template) if name not in EXAMPLES))


def fault_in(template: str) -> str:
    """Say which placeholders there are not and which are meant, "" when all are known."""
    unknown = unknown_in(template)
    if not unknown:
        return ""
    named = ", ".join(f"{{{name[:40]}}}" for name in unknown[:5])
    near = get_close_matches(unknown[0].strip().lower(), EXAMPLES, n=1)
    known = ", ".join(f"{{{name}}}" for name in EXAMPLES)
    hint = f"did you mean {{{near[0]}}}?" if len(unknown) == 1 and near else f"known are {known}."
    return f"There is no placeholder {named}; {hint}"


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values in; one that is not given is left empty, and what is no placeholder stays as it stands."""
    return _BRACES.sub(lambda found: _value(found, values), template)


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    name = found[1]
    return one_line(values.get(name, ""), max_chars=MAX_VALUE) if name in EXAMPLES else found[0]
