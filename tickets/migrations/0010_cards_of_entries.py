from django.db import migrations, models


class Migration(migrations.Migration):
    # A column without default costs nothing on a large table, and the release before this one need not know it.
    dependencies = [("tickets", "0009_rules_and_decisions_on_entries")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="cards",
            field=models.JSONField(editable=False, null=True, verbose_name="cards"),
        ),
    ]
