"""Files for the demo: lines of the sample, and lines such as nobody here has seen before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stdnum.cn import ric

from config.sample import loader

Line = dict[str, Any]


def sample(number: int) -> Line:
    """Line ``number`` of the sample, from 1."""
    line: Line = json.loads(loader.PRESCRIPTIONS.read_bytes().splitlines()[number - 1])
    return line


def unseen(order: int) -> Line:
    """
    D001 as any hospital's program would write it: no ``extras``, no ``tel``, a doctor and a patient
    whom the sample does not know. ``order`` 10 to 99 makes different patients.
    """
    line = sample(2)
    visit = line["mdtrtinfo"]
    body = f"{visit['certno'][:14]}{order}{visit['certno'][16]}"
    number = body + str(ric.calc_check_digit(body + "0"))
    visit |= {"certno": number, "patnName": "欧阳测试", "drCode": "D999999999999"}
    visit |= {"prscDrName": "无人识"}
    line |= {"mdtrtCertNo": number, "hospRxno": f"UNSEEN{order}"}
    del visit["tel"], line["extras"]
    return line


def write(path: Path, *lines: Line | str) -> Path:
    """One line each; a text as it is."""
    texts = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
    ]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path
