"""
Rewards for shared data, paid by WeChat Pay to the patient's WeChat.

Pulled from what was used: a use that is due gets a transfer, a row first and a call second, and is
no longer due, in one transaction. Nothing is asked while a row is locked. The number of a transfer
never changes; one whose answer was lost is asked about and asked for again under it, so nothing is
paid twice. Only when WeChat Pay says that it failed may the use have another, a day later.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from hospital.actions import login
from hospital.models import Account
from hospital.notices import actions as notices
from hospital.notices.kinds import Kind
from insurance import queries
from insurance.actions import rounds
from insurance.gateways import wechat_transfer
from insurance.gateways.wechat_transfer import Reward, TransferState
from insurance.journal import post
from insurance.models import Transfer
from prescriptions.sharing.models import Use

BATCH = 50
AGAIN = timedelta(days=1)
"""When a use is due again that could not be paid: the patient has no WeChat, or did not confirm."""
State = Transfer.State
STATES = {
    "WAIT_USER_CONFIRM": State.WAITING,
    "SUCCESS": State.DONE,
    "FAIL": State.FAILED,
    "CANCELLED": State.FAILED,
}
"""Every other state is one of those in between."""
log = logging.getLogger(__name__)


def pay_rewards(*, at: datetime) -> int:
    """Begin transfers for what is due, then ask WeChat Pay; how many were asked about."""
    _begin_due(at)

    def ask(one: Transfer) -> None:
        known = one.asked_at is not None
        Transfer.objects.filter(id=one.id).update(asked_at=at)
        _book(one, _ask(one, known=known), at)

    return rounds.each(list(queries.unfinished_transfers(at=at)[:BATCH]), ask, "transfers")


@transaction.atomic
def _begin_due(at: datetime) -> None:
    """Uses that somebody else begins at this moment are left to him."""
    due = Use.objects.filter(due_at__lte=at).order_by("due_at")
    locked = due.select_for_update(of=("self",), skip_locked=True)
    uses = list(locked.select_related("patient")[:BATCH])
    payable = [one for one in uses if one.patient.wechat_openid is not None]
    Transfer.objects.bulk_create(
        Transfer(
            use=one,
            out_bill_no=f"R{secrets.token_hex(15)}",
            amount_fen=one.reward_fen,
            created_at=at,
        )
        for one in payable
    )
    ids = {one.id for one in payable}
    Use.objects.filter(id__in=ids).update(due_at=None)
    Use.objects.filter(id__in=[one.id for one in uses if one.id not in ids]).update(
        due_at=at + AGAIN
    )


def _ask(one: Transfer, *, known: bool) -> TransferState:
    """
    Where the transfer is now; it is begun if WeChat Pay does not know it.

    The answer that begins it brings the package by which the patient confirms, and a question does
    not; so if that answer was lost, it is asked for again.
    """
    client = wechat_transfer.client()
    if known:
        try:
            state = client.query(one.out_bill_no)
        except wechat_transfer.UnknownTransfer:
            state = None
        if state and (STATES.get(state.state) is not State.WAITING or one.package_info):
            return state
    patient = one.use.patient
    if patient.wechat_openid is None:
        raise wechat_transfer.Refused("NO_OPENID", "the patient has left")
    return client.transfer(Reward(one.out_bill_no, login.openid(patient), one.amount_fen))


@transaction.atomic
def _book(one: Transfer, told: TransferState, at: datetime) -> None:
    """What is done or has failed stays so, whatever order the answers come in."""
    if told.amount_fen not in (0, one.amount_fen):
        log.error("a transfer is of another amount than was asked for")
        return
    locked = Transfer.objects.select_for_update().get(id=one.id)
    if locked.state in (State.DONE, State.FAILED):
        return
    before, locked.state = locked.state, STATES.get(told.state, State.PROCESSING)
    locked.transfer_bill_no = told.transfer_bill_no
    locked.package_info = told.package_info or locked.package_info
    locked.save(update_fields=["state", "transfer_bill_no", "package_info"])
    if locked.state == State.DONE:
        post.rewarded(locked, at=at)
    if locked.state == State.FAILED:
        Use.objects.filter(id=one.use_id).update(due_at=at + AGAIN)
    if locked.state == State.WAITING and before != State.WAITING and _is_here(one.use.patient_id):
        subject = f"use/{one.use_id.hex}"
        notices.tell(one.use.patient_id, Kind.REWARD_WAITS, subject, locked.id, at=at)


def _is_here(patient: UUID) -> bool:
    """Whoever has left is told nothing, so that no row refers to him anew."""
    return Account.objects.filter(id=patient, left_at__isnull=True).exists()
