"""Instant search over tickets and the ledger: what a search box is asked becomes ids, by index and within tenants."""

from tickets.search.finding import mail_ids, ticket_ids

__all__ = ["mail_ids", "ticket_ids"]
