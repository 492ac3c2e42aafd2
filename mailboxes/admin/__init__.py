from mailboxes.admin import mailboxes

__all__ = ["mailboxes"]
