"""Instant search over tickets: what a search box is asked becomes the ids of tickets, by index and within tenants."""

from tickets.search.finding import ticket_ids

__all__ = ["ticket_ids"]
