"""Codes of approvals by mail."""

from tenants.diagnoses.advice import Actor, Advice

APPROVALS: dict[str, Advice] = {
    "approval_question_missing": Advice(
        Actor.USER, "Nothing is asked.", "Write the question the approvers are to decide, and ask again."
    ),
    "approval_nobody_asked": Advice(
        Actor.USER, "Nobody is asked.", "Enter the address of at least one approver and ask again."
    ),
    "approval_too_many": Advice(
        Actor.USER, "More than 20 people would be asked.", "Ask those whose decision is needed, 20 at most."
    ),
    "approval_quorum": Advice(
        Actor.USER,
        "So many approvals cannot come from these approvers.",
        "Ask for at least one approval, and for no more than there are approvers.",
    ),
    "approval_deadline": Advice(
        Actor.USER,
        "The deadline is missing, is over, or is more than a year away.",
        "Choose a moment at least ten minutes from now.",
    ),
    "approval_unread": Advice(
        Actor.TENANT_ADMIN,
        "Nobody would read the answers: no mail is fetched from the mailbox they would come to.",
        "Choose another mailbox for the answers, or open that one and switch on its incoming mail.",
    ),
    "approval_over": Advice(
        Actor.USER, "This approval has ended already.", "Ask anew if another decision is needed."
    ),
}
