"""Entra ID: who may sign in to what, and the tokens that prove it."""
