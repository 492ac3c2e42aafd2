"""What every mailbox holds, kept in one SQLite file and a folder of .eml files."""
