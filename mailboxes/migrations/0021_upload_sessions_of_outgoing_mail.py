import django.db.models.deletion
import tenants.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailboxes', '0020_mail_has_a_footer'),
        ('tenants', '0016_alerts_know_tenant_and_mailbox'),
    ]

    operations = [
        migrations.CreateModel(
            name='UploadSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.TextField(verbose_name='file')),
                ('address', tenants.fields.EncryptedTextField()),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='upload', to='mailboxes.outboundmessage', verbose_name='mail')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant', verbose_name='tenant')),
            ],
            options={
                'verbose_name': 'upload session',
                'verbose_name_plural': 'upload sessions',
            },
        ),
    ]
