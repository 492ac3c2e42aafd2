"""What answers to approvals change: among the mails being filed, in the transaction that files them.

A mail that is none costs nothing here: which ones are was learned with the look-up of their tickets.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mailboxes.models import OutboundMessage
from mailboxes.parsing.gate import one_line
from mailboxes.transports.out import why_not
from tickets.approval_ends import end, spare, tell, wake
from tickets.approval_mails import advice_mail, stranger_mail
from tickets.approval_texts import asker
from tickets.approvals import locked
from tickets.conversations import Letter
from tickets.models import Approval, ApprovalAnswer, ApprovalRequest, DecisionWord
from tickets.policies import approvals as policy
from tickets.policies.approvals import Outcome
from tickets.policies.auto_answers import MAX_AGE, MAX_UNSEEN
from tickets.policies.decisions import Counts, Decision, Meaning, Words
from tickets.policies.trust import Level
from tickets.replies import own_addresses

State = ApprovalRequest.State
_MEANINGS = {"approve": Meaning.APPROVE, "reject": Meaning.REJECT, "nothing": None}


def hear(letters: Sequence[Letter]) -> None:
    """Let the answers among mails that are filed decide what they were asked, or note why they do not."""
    answers = [(letter, letter.request_id) for letter in letters if letter.request_id is not None]
    if not answers:
        return
    words = words_of(letters[0].row.tenant_id)
    for letter, request_id in answers:
        _hear(letter, request_id, words)


def words_of(tenant_id: int) -> Words:
    """Give the words by which a tenant's approvers decide."""
    own = DecisionWord.objects.filter(tenant_id=tenant_id).values_list("phrase", "means")
    return Words.of((phrase, _MEANINGS[means]) for phrase, means in own)


def _hear(letter: Letter, request_id: int, words: Words) -> None:
    found = ApprovalRequest.objects.filter(pk=request_id, tenant_id=letter.row.tenant_id)
    request = found.select_related("approval").first()
    if request is None:
        return
    approval = locked(request.approval)
    request = found.select_related("outbound").get()
    request.approval = approval
    if ApprovalAnswer.objects.filter(request=request, mail=letter.row.pk).exists():
        return  # staff had it filed again
    decision = policy.judge_answer(
        letter.message,
        _asked(request, letter),
        verdict=letter.verdict,
        trust=letter.trust,
        words=words,
    )
    if decision.decides:
        _decide(request, decision)
    advice = _advise(request, letter, decision.counts)
    _note(request, letter, decision, advice=advice)


def _asked(request: ApprovalRequest, letter: Letter) -> policy.Asked:
    own = own_addresses(request.tenant_id)
    domains = {letter.mailbox.tenant.domain.lower(), *(one.rpartition("@")[2].lower() for one in own)}
    return policy.Asked(
        address=request.address,
        is_decided=request.state != State.WAITING,
        is_open=request.approval.is_open,
        deadline_at=request.approval.deadline_at,
        received_at=letter.row.received_at,
        is_direct=letter.is_direct,
        asker=asker(request.approval),
        own_domains=domains - {""},
    )


def _decide(request: ApprovalRequest, decision: Decision) -> None:
    """Write the decision down, and end the approval with the one that settles it."""
    request.state = State.APPROVED if decision.counts is Counts.APPROVED else State.REJECTED
    request.decided_at, request.remind_at = timezone.now(), None
    request.save(update_fields=["state", "decided_at", "remind_at"])
    stands = policy.outcome(quorum=request.approval.quorum, **_counts(request.approval))
    if stands is not Outcome.OPEN:
        end(request.approval, Approval.State(stands.value))


def _counts(approval: Approval) -> dict[str, int]:
    found: dict[str, int] = ApprovalRequest.objects.filter(approval=approval).aggregate(
        approvers=Count("pk"),
        approved=Count("pk", filter=Q(state=State.APPROVED)),
        rejected=Count("pk", filter=Q(state=State.REJECTED)),
    )
    return found


def _advise(request: ApprovalRequest, letter: Letter, counts: Counts) -> OutboundMessage | None:
    """Tell once, for each approver and cause, what to do now that an answer did not count; machines are never told."""
    mailbox = request.approval.mailbox
    if counts in (Counts.APPROVED, Counts.REJECTED, Counts.AUTOMATIC) or mailbox is None or why_not(mailbox):
        return None
    row = letter.row
    is_old = timezone.now() - row.received_at > MAX_AGE or row.seen_at - row.received_at > MAX_UNSEEN
    if letter.flood or row.is_imported or row.wanted or is_old or letter.outcome.is_unanswered:
        return None  # the same mails that get no other automatic answer
    if ApprovalAnswer.objects.filter(request=request, counted_as=counts.value, is_answered=True).exists():
        return None
    message_id = letter.message.message_id
    if counts is not Counts.OTHER_SENDER:
        return advice_mail(request, counts, message_id=message_id)
    # Somebody else is told only when he is who he says: a forged sender must not make us write to anybody.
    if letter.trust.level is not Level.PASSED or not letter.sender:
        return None
    to = {"name": one_line(letter.message.sender.name, max_chars=100), "email": letter.sender}
    return stranger_mail(request, to=to, message_id=message_id)


def _note(
    request: ApprovalRequest, letter: Letter, decision: Decision, *, advice: OutboundMessage | None
) -> None:
    approval = request.approval
    ApprovalAnswer.objects.create(
        tenant_id=request.tenant_id,
        approval=approval,
        request=request,
        happened_at=letter.row.received_at,
        mail=letter.row.pk,
        sender=one_line(letter.sender, max_chars=320),
        said=one_line(letter.message.new_text, max_chars=200),
        counted_as=decision.counts.value,
        reason=decision.reason,
        outcome=approval.state,
        is_answered=advice is not None,
    )
    if not decision.decides:
        text = _("A mail of %(who)s changed nothing in the approval %(question)s: %(rest)s.")
        tell(approval, text, mail=advice, who=letter.sender or _("an unknown sender"), rest=decision.reason)
        return
    approved = decision.counts is Counts.APPROVED
    text = _("%(who)s approved: %(question)s") if approved else _("%(who)s rejected: %(question)s")
    tell(approval, text, who=request.address)
    if not approval.is_open:
        granted = approval.state == Approval.State.APPROVED
        tell(approval, _("Approved: %(question)s") if granted else _("Rejected: %(question)s"))
        wake(approval.ticket.standing_for())
        spare(approval)
