"""
The nearest pharmacies are found on an index.

``cube`` is a trusted extension: who may create things in the database may create it.
"""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import CreateExtension
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION hospital_on_sphere(longitude numeric, latitude numeric) RETURNS cube
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN cube(cube(cube(
    cos(radians(latitude::float8)) * cos(radians(longitude::float8))),
    cos(radians(latitude::float8)) * sin(radians(longitude::float8))),
    sin(radians(latitude::float8)))
"""


class Migration(migrations.Migration):
    dependencies = [("hospital", "0013_purposes_of_grants")]
    operations = [
        CreateExtension("cube"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION hospital_on_sphere"),
        migrations.AddIndex(
            model_name="organisation",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func("longitude", "latitude", function="hospital_on_sphere"),
                condition=models.Q(("kind", "pharmacy"), ("latitude__isnull", False)),
                name="pharmacies_by_place",
            ),
        ),
    ]
