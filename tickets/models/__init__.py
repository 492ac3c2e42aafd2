from tickets.models.answer_draft import AnswerDraft, AnswerStyle
from tickets.models.approval import Approval, ApprovalAnswer, ApprovalRequest, DecisionWord
from tickets.models.attachment import Attachment
from tickets.models.auto_answer import AutoAnswer
from tickets.models.canned_answer import CannedAnswer
from tickets.models.entry import Entry
from tickets.models.look import Look
from tickets.models.queue import Queue
from tickets.models.rule import Rule
from tickets.models.saved_filter import SavedFilter
from tickets.models.tag import Tag
from tickets.models.thread_key import ThreadKey
from tickets.models.ticket import Ticket

__all__ = [
    "AnswerDraft",
    "AnswerStyle",
    "Approval",
    "ApprovalAnswer",
    "ApprovalRequest",
    "Attachment",
    "AutoAnswer",
    "CannedAnswer",
    "DecisionWord",
    "Entry",
    "Look",
    "Queue",
    "Rule",
    "SavedFilter",
    "Tag",
    "ThreadKey",
    "Ticket",
]
