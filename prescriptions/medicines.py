"""The catalogue's medicines as stored. The app's models take them in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hospital.rights import Antimicrobials
from prescriptions.facts import Control, InsuranceClass, MedicineFacts


class Medicine(models.Model):
    """One package of one medicine; ``facts`` is the same as a pure value."""

    code = models.CharField(max_length=40, primary_key=True, help_text="medListCodg")
    generic_name = models.CharField(max_length=80)
    form = models.CharField(max_length=40)
    specification = models.CharField(max_length=80)
    unit = models.CharField(max_length=8)
    pack_size = models.PositiveIntegerField()
    pack_unit = models.CharField(max_length=8)
    strength = models.DecimalField(max_digits=12, decimal_places=4)
    strength_unit = models.CharField(max_length=8)
    route = models.CharField(max_length=8)
    route_name = models.CharField(max_length=20)
    frequency = models.CharField(max_length=8)
    atc = models.CharField(max_length=7)
    insurance_class = models.CharField(
        max_length=1, choices=[(one.value, one.name) for one in InsuranceClass]
    )
    control = models.CharField(max_length=16, choices=[(one.value, one.name) for one in Control])
    antimicrobial = models.BooleanField(default=False)
    antimicrobial_grade = models.CharField(
        max_length=12,
        choices=[(one.value, one.name) for one in Antimicrobials],
        default=Antimicrobials.NONE,
    )
    otc = models.BooleanField(default=False)
    price_fen = models.PositiveIntegerField(help_text="list price of one dispensing unit")
    manufacturer = models.CharField(max_length=100, blank=True, default="")
    approval_number = models.CharField(max_length=20, blank=True, default="", help_text="批准文号")

    class Meta:
        indexes = [
            models.Index(fields=["generic_name", "code"], name="medicines_of_name"),
            models.Index(
                fields=["approval_number"],
                name="medicines_approved",
                condition=~Q(approval_number=""),
            ),
        ]

    @property
    def facts(self) -> MedicineFacts:
        names = MedicineFacts.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        values["insurance_class"] = InsuranceClass(self.insurance_class)
        values["control"] = Control(self.control)
        values["antimicrobial_grade"] = Antimicrobials(self.antimicrobial_grade)
        return MedicineFacts(**values)
