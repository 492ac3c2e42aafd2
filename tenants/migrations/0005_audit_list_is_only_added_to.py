"""Let the database refuse to change or remove a line, whoever asks.

Lines of a tenant may go once the line stands that says the tenant was deleted. SQLite drops triggers with a table it
rebuilds: a later migration that alters this table runs `install` again.
"""

from django.db import migrations

TABLE = "tenants_auditentry"
GONE = f"SELECT 1 FROM {TABLE} AS told WHERE told.action = 'tenant_deleted' AND told.subject_id = OLD.tenant_id"
REFUSAL = "The audit list is only ever added to."

SQLITE = (
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER audit_no_removal BEFORE DELETE ON {TABLE} WHEN NOT EXISTS ({GONE}) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
)
POSTGRESQL = (
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS ({GONE}) THEN RETURN OLD; END IF;
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_no_removal BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
)


def install(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    on = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in ("audit_no_change", "audit_no_removal"):
        schema_editor.execute(f"DROP TRIGGER {name}{on}")
    if on:
        schema_editor.execute("DROP FUNCTION audit_refuse()")


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_audit_list'),
    ]

    operations = [migrations.RunPython(install, remove)]
