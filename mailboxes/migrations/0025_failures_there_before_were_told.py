from django.db import migrations
from django.utils import timezone


def tell(apps, schema_editor):
    """What failed before there was a mark has been seen to; no ticket is opened for it now."""
    rows = apps.get_model("mailboxes", "OutboundMessage").objects.using(schema_editor.connection.alias)
    now = timezone.now()
    rows.filter(state__in=("failed", "bounced")).update(told_at=now)
    rows.filter(state="uncertain", retry_at=None).update(told_at=now)


class Migration(migrations.Migration):
    dependencies = [("mailboxes", "0024_outbox_says_whether_its_ticket_was_told")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
