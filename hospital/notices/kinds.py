"""
What patients are told of, in words that name no medicine, diagnosis, person or place.

A kind belongs to a topic, and a topic has one template at WeChat: ``wx.requestSubscribeMessage``
asks for three templates at a time, and a patient who is asked for ten accepts none.
"""

from __future__ import annotations

from typing import Final

from django.db import models


class Topic(models.TextChoices):
    """What a patient subscribes to in one tap."""

    PRESCRIPTION = "prescription"
    PARCEL = "parcel"
    SECURITY = "security"


class Kind(models.TextChoices):
    """What happened. ``<what it is about>.<what happened to it>``"""

    APPROVED = "prescription.approved"
    RETURNED = "prescription.returned"
    DISPENSED = "prescription.dispensed"
    PARTED = "prescription.parted"
    SHIPPED = "prescription.shipped"
    COLLIDED = "prescription.collided"
    NOT_DELIVERED = "parcel.not_delivered"
    COMES_BACK = "parcel.comes_back"
    TAKEN_BACK = "parcel.taken_back"
    EXPIRING = "prescription.expiring"
    CANCELLED = "prescription.cancelled"
    DECLINED = "prescription.declined"
    SUBSTITUTE = "prescription.substitute"
    REFUND_FAILED = "refund.failed"
    CLAIM_ASKS = "claim.asks"
    RECALLED = "recall.received"
    WARD_RECALLED = "recall.ward"
    KEY_WAITS = "key.waits"
    KEY_ADDED = "key.added"
    KEY_REVOKED = "key.revoked"
    GRANT_USED = "grant.used"
    EMERGENCY_OPENED = "emergency.opened"
    EMERGENCY_JUDGED = "emergency.judged"
    LOOK_UNUSUAL = "look.unusual"
    GUARDIAN_ACTED = "guardian.acted"
    GUARDIAN_LEFT = "guardian.left"
    WARD_NEWS = "ward.news"
    OPTIN_USED = "optin.used"
    REWARD_WAITS = "reward.waits"
    CORRECTION_ACCEPTED = "correction.accepted"
    CORRECTION_REFUSED = "correction.refused"
    CORRECTION_DECIDED = "correction.decided"


SENTENCES: Final = {
    Kind.APPROVED: "您的处方已通过审核，可以选择取药方式。",
    Kind.RETURNED: "您的处方已被退回，请等待医师处理。",
    Kind.DISPENSED: "您的处方已完成调剂。",
    Kind.COLLIDED: "一家药店报告曾在断网时为您的处方发药，但与现有记录不符，请核对。",
    Kind.PARTED: "您的处方已部分发药，余药可另行领取，差额将退回。",
    Kind.SHIPPED: "您的药品已寄出，请留意收取。",
    Kind.NOT_DELIVERED: "您的药品本次未能送达，配送员将再送一次。",
    Kind.COMES_BACK: "您的药品未能送达，正在退回药房。",
    Kind.TAKEN_BACK: "您的药品未能送达，药房已收回，已付金额将原路退回。如仍需用药，请联系医师。",
    Kind.EXPIRING: "您的处方即将到期，请尽快取药。",
    Kind.CANCELLED: "您的处方已被取消。",
    Kind.DECLINED: "药房无法调配您的处方，请另选药房。已付款项将退回。",
    Kind.SUBSTITUTE: "药房建议更换一种药品，请查看后决定是否同意。",
    Kind.REFUND_FAILED: "您的一笔退款未能到账，我们正在处理。",
    Kind.CLAIM_ASKS: "保险方请您提供一项信息以便理赔，请打开查看后决定是否提供。",
    Kind.RECALLED: "您领取的一种药品被召回，请打开查看。",
    Kind.WARD_RECALLED: "您监护的人领取的一种药品被召回，请打开查看。",
    Kind.KEY_WAITS: "有新手机申请替换您的全部签名密钥。如非本人操作，请立即用原手机撤销。",
    Kind.KEY_ADDED: "您的账户添加了新的签名密钥。如非本人操作，请立即撤销。",
    Kind.KEY_REVOKED: "您账户的一个签名密钥已被撤销。",
    Kind.GRANT_USED: "您的一项授权首次被使用，可在查阅记录中查看。",
    Kind.EMERGENCY_OPENED: "您的健康记录因紧急情况向一位医师开放，监管部门将予审查。",
    Kind.EMERGENCY_JUDGED: "监管部门已对一次紧急查阅作出审查结论。",
    Kind.LOOK_UNUSUAL: "您的健康记录在不寻常的情况下被查阅，请在查阅记录中核对。",
    Kind.GUARDIAN_ACTED: "您的监护人已代您签署一项操作。如有疑问，请与监护人联系。",
    Kind.GUARDIAN_LEFT: "您的一位监护人已辞去监护。",
    Kind.WARD_NEWS: "您监护的人的处方有新进展。",
    Kind.OPTIN_USED: "您共享的数据被使用了一次，奖励随后发放，可在查阅记录中查看。",
    Kind.REWARD_WAITS: "您有一笔数据共享奖励，请在微信中确认收款。",
    Kind.CORRECTION_ACCEPTED: "医院已按您的请求补正记录。",
    Kind.CORRECTION_REFUSED: "医院已答复您的更正请求，如不同意可请监管部门决定。",
    Kind.CORRECTION_DECIDED: "监管部门已对您的更正请求作出决定。",
}

_SECURITY: Final = ("key", "grant", "emergency", "look", "guardian", "optin")
_PARCEL: Final = (Kind.SHIPPED, Kind.NOT_DELIVERED, Kind.COMES_BACK, Kind.TAKEN_BACK)
URGENT: Final = (
    *(Kind.KEY_WAITS, Kind.KEY_ADDED, Kind.EMERGENCY_OPENED),
    *(Kind.RECALLED, Kind.WARD_RECALLED),
)
"""
What a thief or an intruder would like to drown, and what may do harm: sent above the daily limit,
too.
"""


def topic(kind: str) -> Topic:
    """Whose template tells of this kind."""
    if kind.partition(".")[0] in _SECURITY:
        return Topic.SECURITY
    return Topic.PARCEL if kind in _PARCEL else Topic.PRESCRIPTION
