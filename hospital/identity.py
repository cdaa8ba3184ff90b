"""Identity and phone numbers: checked, spelled in one way, and what they tell."""

from __future__ import annotations

import re
from datetime import date

import phonenumbers
from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from hospital import errors

_SHAPE = re.compile("[0-9]{17}[0-9X]")


class BadIdNumber(errors.Invalid):
    """This is not a resident identity number (GB 11643: region, birth date, check digit)."""

    code = "identity.bad_id_number"


class BadPhone(errors.Invalid):
    """This is not a Chinese phone number."""

    code = "identity.bad_phone"


def checked_id_number(text: str) -> str:
    """
    The 18 characters in their one spelling (X upper case). Raises ``BadIdNumber``.

    The county must have existed at some time, not in the year of birth as ``ric.validate`` asks:
    numbers were first given out in 1984, with the counties of that day, to people of every age.
    """
    number = ric.compact(text)
    if not _SHAPE.fullmatch(number) or number[-1] != ric.calc_check_digit(number):
        raise BadIdNumber(field="id_number")
    try:
        born(number)
    except ValidationError as fault:
        raise BadIdNumber(field="id_number") from fault
    if not any(known for _, known in numdb.get("cn/loc").info(number[:6])):
        raise BadIdNumber(field="id_number")
    return str(number)


def checked_phone(text: str) -> str:
    """The number in E.164. Raises ``BadPhone``."""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException as fault:
        raise BadPhone(field="phone") from fault
    if number.country_code != 86 or not phonenumbers.is_valid_number(number):
        raise BadPhone(field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def born(id_number: str) -> date:
    """The birth date that a checked identity number carries."""
    born_on: date = ric.get_birth_date(id_number)
    return born_on


def sex(id_number: str) -> str:
    """``male`` or ``female``: the 17th digit is odd for men (GB 11643)."""
    return "male" if int(id_number[16]) % 2 else "female"
