"""The kinds of entries that feeds tell of; whoever enters one says whom it concerns."""

from django.db import models


class Kind(models.TextChoices):
    """As the ledger calls them. A test compares them with the moves that concern organisations."""

    AUTHORIZE = "prescription.authorize"
    WITHDRAW = "prescription.withdraw"
    AGREE = "prescription.agree"
    DISAGREE = "prescription.disagree"
    CANCEL = "prescription.cancel"
    CHANGE_REQUEST = "prescription.change_request"
    KEEP = "prescription.keep"
    CHANGE = "prescription.change"
    EXTEND = "prescription.extend"
    EXPIRE = "prescription.expire"
    PAY = "insurance.pay"
    DOUBLE_CHECK = "pharmacy.double_check"
    DISPENSE = "pharmacy.dispense"
    DECLINE = "pharmacy.decline"
    SUBSTITUTE = "pharmacy.substitute"
    COLLIDE = "pharmacy.collide"
    SHIP = "pharmacy.ship"
    ATTEMPT = "pharmacy.attempt"
    TAKE_BACK = "pharmacy.take_back"
    DELIVER = "pharmacy.deliver"
    CLAIM = "insurance.claim"
    SETTLE = "insurance.settle"
    RETURN = "pharmacy.return"
    REVERSE = "insurance.reverse"
    CLAW_BACK = "insurance.clawback"
