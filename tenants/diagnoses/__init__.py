"""What can go wrong at Microsoft or on the way there, as tables: code, cause, who acts, exact step."""
