"""How fast and how large: measured against the sandbox, beside the least any program could do."""
