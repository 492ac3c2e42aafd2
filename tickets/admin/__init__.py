from tickets.admin import approvals, drawers, ledger, outbox, rules, tickets

__all__ = ["approvals", "drawers", "ledger", "outbox", "rules", "tickets"]
