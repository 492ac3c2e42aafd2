from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailboxes', '0011_mail_taken_by_others'),
        ('tenants', '0013_second_step_of_sign_in'),
        ('tickets', '0012_index_of_moved_entries'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='key',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('ticket', 'key'), name='note_once_per_ticket_and_key'),
        ),
    ]
