"""
What stands on the bag of a medicine, in words that its patient understands. Pure: no Django.

A code that has no words here is never printed: a gap is, which the pharmacist fills in by hand.

Source: 处方管理办法 (order 53), art. 33: who gives a medicine out writes the patient's name,
usage, dose and what it is onto its package (unconfirmed); how it is stored: the pharmacopoeia's
words (unconfirmed).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from prescriptions.facts import Control, MedicineFacts, pack_units

GAP = "______（由药师填写）"

# fmt: off
FREQUENCIES: Mapping[str, str] = {
    "qd":   "每天1次",
    "bid":  "每天2次",
    "tid":  "每天3次",
    "qid":  "每天4次",
    "qw":   "每周1次",
    "biw":  "每周2次",
    "tiw":  "每周3次",
    "q2w":  "每两周1次",
    "q4h":  "每4小时1次",
    "q6h":  "每6小时1次",
    "q8h":  "每8小时1次",
    "q12h": "每12小时1次",
    "qn":   "每晚1次",
    "qod":  "隔天1次（每2天1次）",
    "st":   "立即使用，只用1次",
    "prn":  "需要时使用",
}
ROUTES: Mapping[str, str] = {
    "1":   "口服",
    "2":   "直肠给药（塞入肛门）",
    "3":   "舌下含服",
    "401": "皮下注射",
    "402": "皮内注射（由医护人员操作）",
    "403": "肌肉注射（由医护人员操作）",
    "404": "静脉注射或静脉滴注（由医护人员操作）",
    "5":   "吸入",
    "605": "阴道用药",
    "607": "滴眼",
    "608": "滴鼻",
    "609": "喷喉",
    "610": "含化（含在口中慢慢溶化）",
    "611": "敷于伤口",
    "612": "涂擦皮肤",
    "699": "局部外用，请按医师或药师的说明使用",
    "9":   "请按医师或药师的说明使用",
}
UNITS: Mapping[str, str] = {
    "g":   "克",
    "mg":  "毫克",
    "μg":  "微克",
    "µg":  "微克",
    "ug":  "微克",
    "mcg": "微克",
    "ml":  "毫升",
    "mL":  "毫升",
    "l":   "升",
    "L":   "升",
    "IU":  "国际单位",
    "iu":  "国际单位",
    "U":   "单位",
    "u":   "单位",
    "MBq": "兆贝可",
}
STORAGE: Mapping[str, str] = {
    "room": "常温保存（10～30℃）",
    "cool": "阴凉处保存（不超过20℃）",
    "cold": "冷藏保存（2～10℃），不要冷冻",
}
# fmt: on
EXTERNAL = ("605", "607", "608", "611", "612", "699")
"""Routes by which nothing is swallowed, though it may look as if it could be."""
ONCE, AS_NEEDED = "st", "prn"
_CHINESE = re.compile("[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Bag:
    """
    What a label says beside the line itself.

    ``storage`` is a ``StockItem.Storage``, empty if the shelf is not known any more; ``expires_on``
    are the last days of use of the lots that it was taken from, if it was.
    """

    patient: str
    pharmacy: str
    on: date
    storage: str = ""
    expires_on: Sequence[date] = ()


def label(line: Mapping[str, Any], medicine: MedicineFacts | None, bag: Bag) -> list[str]:
    """The label of one line of an opened content, from top to bottom."""
    return [
        f"姓名：{bag.patient}",
        f"药品：{line['generic_name']} {line['specification']}",
        f"数量：{line['quantity']}{_unit(line['unit'])}",
        f"用法用量：{usage(line, medicine)}",
        *([f"医嘱：{line['note']}"] if line["note"] else []),
        *([f"贮藏：{STORAGE[bag.storage]}"] if bag.storage else []),
        *(f"有效期至：{_day(one)}" for one in sorted(set(bag.expires_on))),
        *(f"注意：{one}" for one in warnings(line, medicine)),
        f"{bag.pharmacy} {_day(bag.on)}",
    ]


def usage(line: Mapping[str, Any], medicine: MedicineFacts | None) -> str:
    """
    How to take it: by which way, how much, how often, how long.

    >>> usage({"route": "1", "dose": "10", "dose_unit": "ml", "frequency": "tid", "days": 7}, None)
    '口服，每次10毫升，每天3次，共7天。'
    """
    often = line["frequency"]
    said = [ROUTES.get(line["route"], GAP), f"每次{dose(line, medicine)}"]
    said.append(FREQUENCIES.get(often, GAP))
    if often != ONCE:
        said.append(f"共{line['days']}天" if often != AS_NEEDED else f"{line['days']}天的用量")
    return f"{'，'.join(said)}。"


def dose(line: Mapping[str, Any], medicine: MedicineFacts | None) -> str:
    """One dose; of tablets also how many, if they are whole ones or halves."""
    amount, unit = Decimal(line["dose"]), line["dose_unit"]
    piece = medicine.pack_unit if medicine and _CHINESE.fullmatch(medicine.pack_unit) else ""
    if unit == piece:
        return _pieces(Fraction(amount), piece)
    words = _unit(unit)
    if words == GAP:
        return GAP
    said = f"{amount:f}{words}"
    each = pack_units(medicine, amount, unit) if medicine and piece else None
    return f"{said}（{_pieces(each, piece)}）" if each and _counted(each) else said


def warnings(line: Mapping[str, Any], medicine: MedicineFacts | None) -> list[str]:
    """What everybody is to know who has it at home."""
    said = ["外用药品，不可口服。"] if line["route"] in EXTERNAL else []
    if medicine is not None and medicine.control is not Control.NONE:
        said.append("特殊管理药品，请勿转让他人。")
    return [*said, "请放在儿童接触不到的地方。"]


def _counted(pieces: Fraction) -> bool:
    """Whether somebody can count them: whole ones, or halves."""
    return (2 * pieces).denominator == 1


def _pieces(pieces: Fraction, piece: str) -> str:
    """So many pieces, halves as they are spoken: 半片, 1片半."""
    if not _counted(pieces):
        return f"{Decimal(pieces.numerator) / pieces.denominator:f}{piece}"
    whole, half = divmod(pieces, 1)
    if not half:
        return f"{whole}{piece}"
    return f"{whole}{piece}半" if whole else f"半{piece}"


def _unit(unit: str) -> str:
    return unit if _CHINESE.fullmatch(unit) else UNITS.get(unit, GAP)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
