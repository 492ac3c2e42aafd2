from django.db import migrations
from django.db.models import F


def tell(apps, schema_editor):
    """Customers with the last word wait since then; what they wrote before it, nobody has noted."""
    tickets = apps.get_model("tickets", "Ticket").objects.using(schema_editor.connection.alias)
    waiting = tickets.filter(status__in=("new", "open"), last_entry_by="customer", waits_since_at=None)
    waiting.update(waits_since_at=F("last_entry_at"))


class Migration(migrations.Migration):
    dependencies = [("tickets", "0007_ticket_waiting_watchers_merging_and_looks")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
