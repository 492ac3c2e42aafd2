import django.db.models.deletion
import tenants.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0012_staff_sign_in_with_microsoft'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='requires_second_factor',
            field=models.BooleanField(db_default=False, default=False, help_text='Whoever works for this tenant and signs in with a password sets up codes of an app first, the operator too. Sign-in with Microsoft is left to your own directory.', verbose_name='staff need a second step at sign-in'),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='action',
            field=models.CharField(choices=[('added', 'added'), ('changed', 'changed'), ('deleted', 'deleted'), ('paused', 'paused'), ('resumed', 'resumed'), ('replayed', 'filed again'), ('answered', 'answered by mail'), ('sent_again', 'sent again'), ('tried', 'sent a test mail'), ('cancelled', 'taken back before it was sent'), ('exported', 'exported'), ('consent', 'permissions changed at Microsoft'), ('signed_in', 'signed in at Microsoft'), ('signed_out', 'signed out'), ('recovered', 'signed in with a recovery code'), ('keys_rotated', 'encrypted anew'), ('tenant_deleted', 'tenant deleted')], max_length=20, verbose_name='what'),
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', tenants.fields.EncryptedTextField()),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='set up')),
                ('last_step', models.BigIntegerField(default=0)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='second_factor', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'second step of sign-in',
                'verbose_name_plural': 'second steps of sign-in',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('factor', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to='tenants.secondfactor')),
            ],
            options={
                'verbose_name': 'recovery code',
                'verbose_name_plural': 'recovery codes',
                'constraints': [models.UniqueConstraint(fields=('factor', 'digest'), name='recovery_code_once_per_factor')],
            },
        ),
    ]
