from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='ticket',
            name='closed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='done since'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['opened_at', 'tenant'], name='ticket_by_opening'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['closed_at', 'tenant'], name='ticket_by_closing'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ('new', 'open', 'waiting'))), fields=['tenant', 'queue', 'status', 'last_entry_by', 'last_entry_at'], name='ticket_unsolved'),
        ),
    ]
