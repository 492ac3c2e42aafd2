"""Customers, their mailboxes and the staff, from one JSON document to rows: all of it or nothing."""

from m365integration.provisioning.provision import Outcome, provision
from m365integration.provisioning.source import Source, read_file, read_stream

__all__ = ["Outcome", "Source", "provision", "read_file", "read_stream"]
