"""A local Microsoft 365: Entra sign-in and Graph mail over HTTPS, with state that survives a restart."""
