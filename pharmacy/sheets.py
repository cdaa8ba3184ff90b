"""
The sheet on which a code is printed, for who has no phone. Pure: no Django, no clock.

It names no patient, no medicine and no illness: whoever finds it learns that somebody fetches
something at a pharmacy, and cannot without the birth date.
"""

from __future__ import annotations

from datetime import datetime

import segno

from hospital.units import SHANGHAI


def lines(pharmacy: str, ends_at: datetime, prescriptions: int, number: str) -> list[str]:
    """The text of the sheet, line by line; ``number`` tells one sheet of a patient from another."""
    until = ends_at.astimezone(SHANGHAI).strftime("%Y年%-m月%-d日%H:%M")
    return [
        "取药凭证",
        f"药房：{pharmacy}",
        f"处方：{prescriptions}张",
        f"有效期：{until}前，只能使用一次",
        "取药时，请向药师说出患者的出生日期。",
        "请妥善保管，不要拍照外传。",
        "如有遗失，请用手机挂失；重新打印后，本凭证作废。",
        f"凭证编号：{number[:8]}",
    ]


def drawn(code: str) -> str:
    """The code as a QR picture in SVG, to be printed; any scanner reads its text."""
    made = segno.make_qr(code, error="m", mode="byte", encoding="utf-8", boost_error=False)
    return made.svg_inline(scale=4)
