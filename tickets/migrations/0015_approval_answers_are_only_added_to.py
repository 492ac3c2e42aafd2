"""Let the database refuse to change or remove a line of the answers to approvals, whoever asks.

Lines of a tenant may go once the audit list says that the tenant was deleted. SQLite drops triggers with a table it
rebuilds: a later migration that alters this table runs `install` again.
"""

from django.db import migrations

TABLE = "tickets_approvalanswer"
GONE = (
    "SELECT 1 FROM tenants_auditentry AS told "
    "WHERE told.action = 'tenant_deleted' AND told.subject_id = OLD.tenant_id"
)
REFUSAL = "The list of answers to approvals is only ever added to."
TRIGGERS = ("approval_answer_no_change", "approval_answer_no_removal")

SQLITE = (
    f"CREATE TRIGGER {TRIGGERS[0]} BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    f"CREATE TRIGGER {TRIGGERS[1]} BEFORE DELETE ON {TABLE} WHEN NOT EXISTS ({GONE}) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
)
POSTGRESQL = (
    f"""CREATE FUNCTION approval_answer_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND EXISTS ({GONE}) THEN RETURN OLD; END IF;
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    f"CREATE TRIGGER {TRIGGERS[0]} BEFORE UPDATE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION approval_answer_refuse()",
    f"CREATE TRIGGER {TRIGGERS[1]} BEFORE DELETE ON {TABLE} "
    f"FOR EACH ROW EXECUTE FUNCTION approval_answer_refuse()",
)


def install(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove(apps, schema_editor):
    on = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for name in TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER {name}{on}")
    if on:
        schema_editor.execute("DROP FUNCTION approval_answer_refuse()")


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_audit_list'),
        ('tickets', '0014_approvals_by_mail'),
    ]

    operations = [migrations.RunPython(install, remove)]
