from tickets.admin import approvals, canned_answers, drawers, ledger, outbox, queues, rules, tickets

__all__ = ["approvals", "canned_answers", "drawers", "ledger", "outbox", "queues", "rules", "tickets"]
