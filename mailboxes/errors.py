from tenants.errors import IntegrationError


class LeaseLost(Exception):
    """Somebody else has taken over: whatever this run still wants to write is no longer its business."""


class StorageFailure(IntegrationError):
    """This machine could not write a mail down: the disk is full, read-only or not ours."""
