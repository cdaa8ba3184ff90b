"""A payer says what it sells, whom it has insured, and what it promises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction

from hospital import errors, queries
from hospital.roles import Actor, OrganisationKind
from insurance.models import Edition, Insured, Policy, Product
from insurance.policies.terms import BadTerms, Terms

RANK: Final = 100
OF_A_PROMISE: Final = "c-"
"""How codes of products and numbers of policies begin that ``promise`` makes."""
ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)


class WrongTerms(errors.Invalid):
    """The terms say what they cannot say; ``member`` names it."""

    code = "product.bad_terms"


class UnknownProduct(errors.Invalid):
    """Your organisation has no product of this code."""

    code = "product.unknown"


class Reserved(errors.Invalid):
    """Codes and numbers that begin so are given by the server."""

    code = "product.reserved"


@dataclass(frozen=True, slots=True)
class Sold:
    """A policy as its payer states it; ``insured``: identity numbers, of all that it insures."""

    number: str
    product: str
    insured: Sequence[str]
    rank: int
    valid_from: datetime
    valid_until: datetime


@transaction.atomic(savepoint=False)
def publish(
    *,
    payer: int,
    code: str,
    name: str,
    terms: Mapping[str, Any],
    valid_from: datetime,
    valid_until: datetime | None,
) -> Edition:
    """
    Store the next edition of a payer's product, the first one if it has none of this code.

    Raises:
        WrongTerms, Reserved: see each.
    """
    if code.startswith(OF_A_PROMISE):
        raise Reserved(field="code")
    product = _product(payer, code, name, terms)
    if terms.get("at_payment") and product.payer.kind != OrganisationKind.SOCIAL_FUND:
        raise WrongTerms(field="terms", member="at_payment")
    if product.name != name:
        product.name = name
        product.save(update_fields=["name"])
    last = product.editions.order_by("-number").first()
    return Edition.objects.create(
        product=product,
        number=last.number + 1 if last else 1,
        terms=dict(terms),
        valid_from=valid_from,
        valid_until=valid_until,
    )


@transaction.atomic(savepoint=False)
def insure(sold: Sold, *, by: Actor) -> Policy:
    """
    Store a policy of the caller's payer; one of the same number is changed.

    Who was insured by it stays so since then; who is not named any more is not insured any more.

    Raises:
        UnknownProduct, Reserved, queries.UnknownPatient, identity.BadIdNumber: see each.
    """
    if sold.number.startswith(OF_A_PROMISE):
        raise Reserved(field="number")
    product = Product.objects.filter(payer_id=by.organisation_id, code=sold.product).first()
    if product is None or sold.product.startswith(OF_A_PROMISE):
        raise UnknownProduct(field="product")
    patients = [queries.patient_by_id_number(one) for one in sold.insured]
    policy = _policy(sold, product)
    Insured.objects.filter(policy=policy).exclude(patient__in=patients).delete()
    for patient in patients:
        since = {"since": sold.valid_from}
        Insured.objects.get_or_create(policy=policy, patient=patient, defaults=since)
    return policy


@transaction.atomic(savepoint=False)
def promise(
    *,
    patient: str,
    rates_bp: Mapping[str, int],
    ceiling_fen: int | None,
    valid_from: datetime,
    valid_until: datetime,
    by: Actor,
) -> Policy:
    """
    Store the caller's payer's promise to the patient of this identity number; the newest counts.

    It is a policy of the simplest product, which has rates and a ceiling for each bill, and which
    all patients with the same promise share.

    Raises:
        queries.UnknownPatient, identity.BadIdNumber: see each.
    """
    person = queries.patient_by_id_number(patient)
    terms: dict[str, Any] = {"rates_bp": dict(sorted(rates_bp.items()))}
    if ceiling_fen is not None:
        terms["ceilings_fen"] = {"bill": ceiling_fen}
    digest = hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
    assert by.organisation_id is not None, "payers' members have an employer"
    product = _product(by.organisation_id, f"{OF_A_PROMISE}{digest[:32]}", "基本约定", terms)
    Edition.objects.get_or_create(
        product=product, number=1, defaults={"terms": terms, "valid_from": ALWAYS}
    )
    number = f"{OF_A_PROMISE}{person.id.hex}"
    policy = _policy(Sold(number, product.code, [], RANK, valid_from, valid_until), product)
    Insured.objects.update_or_create(policy=policy, patient=person, defaults={"since": valid_from})
    return policy


def _product(payer: int, code: str, name: str, terms: Mapping[str, Any]) -> Product:
    """The product, held till the transaction ends. Raises ``WrongTerms``."""
    try:
        Terms.read(terms)
    except BadTerms as fault:
        raise WrongTerms(field="terms", member=str(fault)) from fault
    product, _ = Product.objects.get_or_create(payer_id=payer, code=code, defaults={"name": name})
    return Product.objects.select_for_update(no_key=True).get(id=product.id)


def _policy(sold: Sold, product: Product) -> Policy:
    stored, _ = Policy.objects.update_or_create(
        payer_id=product.payer_id,
        number=sold.number,
        defaults={
            "product": product,
            "rank": sold.rank,
            "valid_from": sold.valid_from,
            "valid_until": sold.valid_until,
        },
    )
    return stored
