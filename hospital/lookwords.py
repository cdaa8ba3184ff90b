"""
A look at patient data in plain Chinese: who, when, what, why, on which basis.

The words are those of ``record.view`` entries, which all apps write; an unknown one is shown as it
stands, since a look that cannot be explained must be seen all the more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from hospital import guardianlaw, sharing, sharinglaw
from hospital.consents import EMERGENCY, Purpose
from hospital.roles import Role
from hospital.units import SHANGHAI

ROLES: Mapping[str, str] = {
    Role.PATIENT: "监护人",
    Role.DOCTOR: "医师",
    Role.REVIEWER: "审方药师",
    Role.PHARMACIST: "药师",
    Role.COURIER: "配送员",
    Role.AGENT: "理赔系统",
    Role.SYSTEM: "医院系统",
    Role.OFFICER: "理赔专员",
    Role.RESEARCHER: "研究人员",
    Role.REGULATOR: "监管人员",
    Role.CASHIER: "收银系统",
}
OWN = "您本人"
PURPOSES: Mapping[str, str] = {
    "own": "本人查阅",
    "own_proof": "本人出具凭证",
    "own_copy": "本人获取全部副本",
    "find": "查找可配药的药店",
    "list": "列表查阅",
    Purpose.TREATMENT: "诊疗",
    Purpose.MEDICATION_REVIEW: "用药评估",
    Purpose.CLAIM: "理赔审核",
    Purpose.UNDERWRITING: "投保核保",
    Purpose.RESEARCH: "医学研究",
    "prescribing": "开具处方前核对",
    "review": "处方审核",
    "countersign": "处方会签",
    "dispense": "核对发药",
    "deliver": "配送药品",
    "insured_payment": "医保移动支付，向微信支付和医保提供姓名与证件号摘要",
    "register": "麻精药品登记",
    "appraisal": "处方点评",
    "oversight": "监管审查",
    EMERGENCY: "紧急救治",
    guardianlaw.PURPOSE: "监护人代为查阅",
    sharing.Mode.RECORDS: "研究使用（去标识化数据）",
    sharing.Mode.COUNTS: "研究使用（汇总计数）",
    "second": "核对同事的紧急查看请求",
    "correction": "处理您的更正请求",
}
BASES: Mapping[str, str] = {
    "own_record": "本人的记录",
    "prescriber": "开方医师",
    "consulted": "接诊医师",
    "awaiting": "您向该科室提出的问诊",
    "review": "负责审核该处方",
    "countersign": "被请求会签该处方",
    "patient_choice": "您选择了这家机构",
    "own_register": "法定的麻精药品登记",
    "appraisal": "法定的处方点评",
    "regulator": "监管职责",
    "retention": "您要求删除后依法保留的记录",
    "second_signer": "同院医师对紧急查看的第二签署",
    "correction": "您请求该医院更正的记录",
    f"{guardianlaw.FAMILY}/": "监护关系",
    "grant/": "您签署的查看授权",
    f"{sharinglaw.FAMILY}/": "您签署的数据共享同意",
    "emergency/": "紧急情况，未经您事先同意",
    "patient_code": "您出示的取药码",
    "printed_code": "您或监护人打印的取药凭证",
    "courier_order": "您选择了配送到家",
    "double_check": "第二名药师复核发药",
    "owed": "这家药房还欠您的药",
    "rx/": "对应的处方",
}
FIELDS: Mapping[str, str] = {
    "": "全部内容",
    "patient/": "姓名等身份信息",
    "patient/name": "姓名",
    "patient/id_number": "身份证号",
    "diagnosis/": "诊断",
    "line/": "药品",
    "doctor/": "开方医师",
    "doctor/license": "医师执业编号",
    "hospital/": "医院与科室",
    "allergies": "过敏史",
    "dispensing/": "实际发药",
    "coverage/": "医保与商保待遇",
    "recipient": "收件人",
    "phone": "电话",
    "text": "正文",
    "complaint": "病情描述",
    "earlier/": "既往诊断",
    "author": "发言人",
    "at": "时间",
    "media_type": "附件类型",
    "reason": "紧急查看的理由",
    "request": "药师的修改请求",
}
WITHOUT_FIELDS: Mapping[str, str] = {"looks": "查阅记录"}
"""What is looked at and has no fields."""
_OF_LISTS: Mapping[str, Mapping[str, str]] = {"parcels": {"text": "收货地址"}}


class Unusual(StrEnum):
    """What a patient is told of at once."""

    EMERGENCY = "emergency"
    OVERSIGHT = "oversight"


def role(name: str, *, own: bool) -> str:
    """The words for the reader's role; another patient who looks is a guardian."""
    return OWN if own else ROLES.get(name, name)


def basis(text: str) -> str:
    """The words for a basis, which is a word or a subject of the log."""
    family, slash, _ = text.partition("/")
    return BASES.get(family + slash, text)


def fields(prefixes: Sequence[str], of: str = "") -> list[str]:
    """The words for what was shown of the subject or list ``of``."""
    own = _OF_LISTS.get(of, {})
    return [own.get(one) or FIELDS.get(one, one) for one in prefixes]


def unusual(purpose: str) -> list[Unusual]:
    """Why this look is none of every day; empty for most."""
    return [one for one in Unusual if one == purpose]


def sentence(facts: Mapping[str, object], at: datetime, who: str, *, in_list: bool) -> str:
    """One look as one sentence. ``who`` names the reader, with the organisation."""
    when = at.astimezone(SHANGHAI).strftime("%Y年%-m月%-d日 %H:%M")
    of = str(facts["of"])
    shown = "、".join(fields(_words(facts["fields"]), of)) or WITHOUT_FIELDS.get(of, of)
    verb = f"在含 {facts['records']} 份记录的列表中看到" if in_list else "查看"
    purpose = str(facts["purpose"])
    why = PURPOSES.get(purpose, purpose)
    return f"{when}，{who}{verb}了您的{shown}。目的：{why}。依据：{basis(str(facts['basis']))}。"


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
