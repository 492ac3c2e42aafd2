"""Microsoft Graph v1.0: users, mail folders and messages."""
