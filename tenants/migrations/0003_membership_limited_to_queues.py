from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0002_alerts_for_the_operator'),
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='queues',
            field=models.ManyToManyField(blank=True, help_text='None chosen: all queues of the tenant. Otherwise tickets and mail of other queues are not there for him.', related_name='+', to='tickets.queue', verbose_name='only these queues'),
        ),
        migrations.AddField(
            model_name='membership',
            name='is_limited',
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
