"""
An explanation of benefits: per line its price, who pays what of it, by which rule, and what of that
was approved, refused, or waits. Pure.

What a payer approves of its share in part goes to the lines in their order, until it is used up:
the same order in which lines use up a ceiling. So the columns add up to the entry's figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hospital.units import yuan

REASONS_ZH: Mapping[str, str] = {
    "none": "全额通过",
    "evidence_missing": "缺少证明处方流转的记录",
    "quantity_differs": "发药数量与处方不符",
    "above_ceiling": "超过单笔赔付上限",
    "not_covered": "不在保障范围内",
    "field_missing": "未提供审核所需的信息",
    "fraud": "查实不实申报",
    "other": "其他原因，可向保险方询问",
}
DECISIONS_ZH: Mapping[str, str] = {
    "approve": "通过",
    "part": "部分通过",
    "refuse": "不予赔付",
    "": "审核中",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill. ``shares``: payer → (fen, by which rule)."""

    line: str
    units: int
    total_fen: int
    patient_fen: int
    shares: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Decided:
    """
    What a payer has decided in all; ``waits``: some of its share is still to be decided on.
    ``at_payment``: there is nothing to decide, it pays with the patient.
    """

    payer: str
    name: str
    approved_fen: int
    decision: str
    reason: str
    waits: bool = False
    at_payment: bool = False


def lines(of: Sequence[Line], decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """Each line with each payer's share of it, and what of the share was approved."""
    left = {one.payer: one.approved_fen for one in decided}
    by_payer = {one.payer: one for one in decided}
    return [_line(one, left, by_payer) for one in sorted(of, key=lambda one: int(one.line))]


def _line(one: Line, left: dict[str, int], by: Mapping[str, Decided]) -> dict[str, Any]:
    shown = []
    for payer, (fen, rule) in one.shares.items():
        approved = min(fen, left.get(payer, 0))
        if payer in left:
            left[payer] -= approved
        shown.append(_share(by.get(payer), payer, fen, approved, rule))
    said = "；".join(
        [f"第{one.line}项，{one.units}个单位，价格{yuan(one.total_fen)}"]
        + [share["zh"] for share in shown]
        + [f"自付{yuan(one.patient_fen)}"]
    )
    return {
        "line": one.line,
        "units": one.units,
        "total_fen": one.total_fen,
        "patient_fen": one.patient_fen,
        "payers": shown,
        "zh": f"{said}。",
    }


def _share(
    decided: Decided | None, payer: str, fen: int, approved: int, rule: str
) -> dict[str, Any]:
    refused = 0 if decided is None or decided.waits else fen - approved
    waits = fen - approved - refused
    name = decided.name if decided else payer
    words = [f"{name}应付{yuan(fen)}（{rule}）"]
    if approved:
        is_paid = decided is not None and decided.at_payment
        words.append(f"{'付款时支付' if is_paid else '已同意'}{yuan(approved)}")
    if refused and decided:
        words.append(f"未同意{yuan(refused)}：{REASONS_ZH[decided.reason]}")
    if waits:
        words.append(f"{yuan(waits)}审核中")
    return {
        "payer": payer,
        "fen": fen,
        "rule": rule,
        "approved_fen": approved,
        "refused_fen": refused,
        "waiting_fen": waits,
        "reason": decided.reason if decided and refused else "none",
        "zh": "，".join(words),
    }
