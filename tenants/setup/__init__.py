"""What the administrator has to do before mail can flow, and how far it is done."""
