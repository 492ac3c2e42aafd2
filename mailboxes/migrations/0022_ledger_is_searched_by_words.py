from django.db import migrations

TABLE = "mailboxes_inboundmessage"
# Marks that join words are taken apart, or PostgreSQL would keep an address as one word.
JOINTS = "@.-_/:+~<>&%#=?"


def add(apps, schema_editor):
    """Let PostgreSQL compute the vectors as rows are written; SQLite's index is put up after every migrate."""
    if schema_editor.connection.vendor != "postgresql":
        return
    apart = f"translate(subject || ' ' || sender || ' ' || message_id, '{JOINTS}', '{' ' * len(JOINTS)}')"
    schema_editor.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN search tsvector "
        f"GENERATED ALWAYS AS (to_tsvector('simple', {apart})) STORED",
        params=None,
    )
    schema_editor.execute(f"CREATE INDEX {TABLE}_search ON {TABLE} USING gin (search)", params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} DROP COLUMN search", params=None)
        return
    for event in ("added", "removed", "changed"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_search_{event}", params=None)
    schema_editor.execute(f"DROP TABLE IF EXISTS {TABLE}_search", params=None)


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0021_upload_sessions_of_outgoing_mail")]

    operations = [migrations.RunPython(add, remove)]
