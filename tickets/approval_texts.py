"""What approvers read, in the language of whoever is asking: the mails say it in the words of this page alone."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailboxes.parsing.gate import one_line
from tickets.models import Approval, ApprovalRequest
from tickets.policies.decisions import Counts
from tickets.policies.own_words import LINES


@contextmanager
def spoken(approval: Approval) -> Iterator[None]:
    """Speak the language of an approval's mails, and tell times in its zone."""
    known = approval.zone if approval.zone in zoneinfo.available_timezones() else "UTC"
    with translation.override(approval.language), timezone.override(zoneinfo.ZoneInfo(known)):
        yield


def line_above(approval: Approval) -> str:
    return LINES.get(approval.language, LINES["en"])


def subject(approval: Approval) -> str:
    tag = f"[#{approval.ticket.standing_for().reference}]"
    return (
        _("Approval needed: %(question)s") % {"question": one_line(approval.question, max_chars=180)}
        + f" {tag}"
    )


def asker(approval: Approval) -> str:
    person = approval.asked_by
    name = one_line(person.get_full_name(), max_chars=100) if person else ""
    return name or approval.ticket.queue.name


def deadline(approval: Approval) -> str:
    """Give the deadline with the name of its zone: nobody knows where it is read."""
    local = timezone.localtime(approval.deadline_at)
    # Translators: a format of Django's date filter, weekday to minute.
    return f"{date_format(local, _('l, j F Y, H:i'))} ({timezone.get_current_timezone_name()})"


def request_text(request: ApprovalRequest) -> list[str]:
    """Give the paragraphs of a request."""
    approval = request.approval
    return [
        _("%(who)s asks for your approval:") % {"who": asker(approval)},
        approval.question,
        *([approval.context] if approval.context else []),
        _("Please decide by %(when)s.") % {"when": deadline(approval)},
        *how_to_answer(request),
    ]


def how_to_answer(request: ApprovalRequest) -> list[str]:
    return [
        _("HOW TO ANSWER: reply to this mail, and begin your answer with one of these words:"),
        _("approve (or: approved, genehmigt, approuvé, aprobado …)")
        + "\n"
        + _("reject (or: rejected, abgelehnt, refusé, rechazado …)"),
        _(
            "Write nothing else beside an approval; grounds may follow a rejection. Reply from %(address)s: an "
            "answer from another address does not count, nor does one that was forwarded, comes late or says both. "
            "There is no link to press: your written answer alone decides, and the first one stands."
        )
        % {"address": request.address},
    ]


def advice(request: ApprovalRequest, counts: Counts) -> str:
    """Say what to do now that an answer did not count."""
    texts = {
        Counts.DOUBTFUL: _(
            "Your answer could not be read as a decision, so nothing has changed. Reply once more, to the request or "
            "to this mail, with the one word that decides and nothing else: beside an approval only thanks, a greeting "
            "and your name may stand."
        ),
        Counts.UNPROVEN: _(
            "An answer in your name has come in, but it is not proven that you have sent it (its DMARC check did not "
            "pass), so nothing has changed. If it was yours, answer once more from your usual mailbox, not by way of a "
            "website or another provider; if that does not help, ask whoever runs your mail about SPF, DKIM and "
            "DMARC. If it was not yours, somebody has tried to decide in your place: tell whoever asked you."
        ),
        Counts.FORWARDED: _(
            "Your answer was forwarded instead of being a reply, so nothing has changed. Open the request and reply "
            "to it."
        ),
        Counts.REPEATED: _(
            "You have decided already (%(decision)s), and your first answer stands. If you have changed your mind, "
            "tell %(who)s, who can ask anew."
        ),
        Counts.LATE: _(
            "Your answer came too late and has changed nothing: the approval has ended or its deadline is over. If "
            "your decision still matters, tell %(who)s, who can ask anew."
        ),
    }
    said = {"who": asker(request.approval), "decision": request.get_state_display()}
    return texts[counts] % said


def for_somebody_else() -> list[str]:
    """Say to whoever answered in an approver's place what to do: nothing of the matter itself."""
    return [
        _(
            "You have answered a request for approval that was sent to another address than the one you wrote from. "
            "Your answer has changed nothing: only those who were asked can decide, each from the address that was "
            "asked."
        ),
        _(
            "If it was you who was asked, reply to the request once more from that address. If somebody passed the "
            "request on to you, tell him what you think; the answer has to be his own. To be asked yourself, turn to "
            "whoever asked."
        ),
    ]


def no_longer_needed(approval: Approval) -> list[str]:
    """Say why nothing is left to do, by how the approval has ended."""
    texts = {
        Approval.State.APPROVED: _(
            "Your decision is no longer needed: enough of those who were asked have approved. You need not answer."
        ),
        Approval.State.REJECTED: _(
            "Your decision is no longer needed: it has been rejected, which no other answer can change. You need not "
            "answer."
        ),
        Approval.State.EXPIRED: _(
            "Your decision is no longer needed: the time to answer is over. If it still matters to you, tell "
            "%(who)s, who can ask anew."
        ),
        Approval.State.CANCELLED: _(
            "Your decision is no longer needed: %(who)s has taken the question back. You need not answer."
        ),
    }
    return [texts[Approval.State(approval.state)] % {"who": asker(approval)}, approval.question]
