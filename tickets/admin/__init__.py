from tickets.admin import drawers, ledger, outbox, rules, tickets

__all__ = ["drawers", "ledger", "outbox", "rules", "tickets"]
