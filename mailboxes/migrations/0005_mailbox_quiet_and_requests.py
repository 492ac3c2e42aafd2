from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailboxes', '0004_outbox'),
    ]

    operations = [
        migrations.AddField(
            model_name='mailbox',
            name='quiet_since_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='unusually quiet since'),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='requests_used',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='requests_since_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(fields=['-received_at', '-id'], name='ledger_newest_of_all'),
        ),
        migrations.AddIndex(
            model_name='inboundmessage',
            index=models.Index(condition=models.Q(('state', 'quarantined')), fields=['tenant', '-received_at'], name='ledger_quarantined'),
        ),
    ]
