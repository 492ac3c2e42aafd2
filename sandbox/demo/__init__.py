"""The demo: two fictional customers, three mailboxes, and mail that keeps arriving."""
