"""
What pharmacies may not sell, over the internet or to whom.

The list of what may not be sold online (药品网络销售禁止清单, 2022) has two parts. What the law
itself forbids (its first part) may not be prescribed online either; controlled medicines are in
``controlled``. What the list adds (its second part) only warns: the prescription is lawful, and
the patient fetches the medicine.

Decisions: the catalogue tells vaccines, blood products and the list's substances by ATC code, and
injections by form; preparations of hospitals' own and granules of single herbs (配方颗粒) are not
told apart from others. The second part's rows are from memory. What is prescribed here is sold by
retail pharmacies, so that what they may not sell to minors is not prescribed to them.
"""

from collections.abc import Iterator
from datetime import date

from prescriptions.facts import Control, is_injection
from prescriptions.rules.calendar import age
from prescriptions.rules.terms import Draft, Fault, Rule, Severity, lines_of

ADULT_YEARS = 18
VACCINES, BLOOD_PRODUCTS = ("J07",), ("B05AA", "B02BD", "J06B")
AGAINST_DIABETES = "A10"
NOT_BY_POST = (
    *("C01AA05", "C01BA03", "C01BA01", "C02CA01", "C01BA02", "C01BC03", "C01BD01", "P01BC01"),
    *("R03DA05", "R03DA02", "C01CA02", "N03AB02", "N03AF01", "N03AX09", "N05CC01", "B01AE07"),
    *("B01AA03", "B01AC24", "B01AC23", "N03AA03", "N05AN01", "M04AC01", "G03XB01", "G03HA01"),
    *("G03CA03", "A02BB01", "J01DI03", "J01XC01", "J02AC03", "J01XX08", "J02AC04", "J01DD15"),
    *("J02AC02", "J01DD13"),
)
"""Digoxin, disopyramide, quinidine, …: the substances that the list names, by ATC code."""


def sold_by_nobody_online(draft: Draft, on: date) -> Iterator[Fault]:
    """A vaccine or a blood product prescribed over the internet."""
    for field, medicine, _ in lines_of(draft):
        if draft.online and medicine.atc.startswith(VACCINES + BLOOD_PRODUCTS):
            name = f"{medicine.generic_name}属疫苗或血液制品"
            yield f"{field}.medicine", f"{name}，不得通过网络销售，不得在互联网上开具。"


def fetched_in_person(draft: Draft, on: date) -> Iterator[Fault]:
    """An injection, other than against diabetes, or a named substance, prescribed online."""
    for field, medicine, _ in lines_of(draft):
        injection = is_injection(medicine) and not medicine.atc.startswith(AGAINST_DIABETES)
        elsewhere = medicine.atc.startswith(VACCINES + BLOOD_PRODUCTS)
        listed = injection or medicine.atc.startswith(NOT_BY_POST)
        if draft.online and listed and not elsewhere and medicine.control is Control.NONE:
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}在药品网络销售禁止清单内，须由患者到药店自取。"


def psychotropic_for_minor(draft: Draft, on: date) -> Iterator[Fault]:
    """A class II psychotropic for a patient under 18."""
    if age(draft.patient_born, on) >= ADULT_YEARS:
        return
    for field, medicine, _ in lines_of(draft):
        if medicine.control is Control.PSYCHOTROPIC_2:
            name = medicine.generic_name
            yield f"{field}.medicine", f"{name}为第二类精神药品，药店不得向未成年人销售。"


BLOCK, WARN = Severity.BLOCK, Severity.WARN
ORDER_58 = "药品网络销售监督管理办法"
LIST = "药品网络销售禁止清单（第一版）"
REGULATION = "麻醉药品和精神药品管理条例"

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("rx.not_sold_online",     BLOCK, ORDER_58,   "第八条",     False, sold_by_nobody_online),
    Rule("rx.fetched_in_person",   WARN,  LIST,       "第二部分",   False, fetched_in_person),
    Rule("rx.psychotropic_minor",  BLOCK, REGULATION, "第三十二条", False, psychotropic_for_minor),
)
# fmt: on
