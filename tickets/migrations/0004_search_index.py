from django.db import migrations

# Marks that join words are taken apart, or PostgreSQL would keep an address as one word. A text is indexed up to a
# bound: a tsvector takes one MiB, and a mail must not fail for its length.
JOINTS = "@.-_/:+~<>&%#=?"
VECTORS = {
    "tickets_ticket": "reference || ' ' || subject || ' ' || requester_name || ' ' || requester_email",
    "tickets_entry": "subject || ' ' || from_name || ' ' || from_email || ' ' || left(text, 50000)",
}


def add(apps, schema_editor):
    """Let PostgreSQL compute the vectors as rows are written; SQLite's index is put up after every migrate."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, texts in VECTORS.items():
        apart = f"translate({texts}, '{JOINTS}', '{' ' * len(JOINTS)}')"
        schema_editor.execute(
            f"ALTER TABLE {table} ADD COLUMN search tsvector "
            f"GENERATED ALWAYS AS (to_tsvector('simple', {apart})) STORED",
            params=None,
        )
        schema_editor.execute(f"CREATE INDEX {table}_search ON {table} USING gin (search)", params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in VECTORS:
            schema_editor.execute(f"ALTER TABLE {table} DROP COLUMN search", params=None)
        return
    for table in VECTORS:
        for event in ("added", "removed", "changed"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_search_{event}", params=None)
        schema_editor.execute(f"DROP TABLE IF EXISTS {table}_search", params=None)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0003_entry_of_outgoing_mail")]

    operations = [migrations.RunPython(add, remove)]
