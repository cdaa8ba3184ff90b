"""
What patients share for a reward: the closed tables of offers, and of what is signed about them.

A researcher offers a reward for each use of some fields; a regulator approves the offer; a patient
opts in under exactly its terms, and withdraws at any time. ``RECORDS`` delivers pseudonymous data,
``COUNTS`` noisy counts alone. An offer is over by itself when its period or its budget is.

Nothing is stored here; ``hospital.sharinglaw`` makes the law of it, ``prescriptions.sharing`` does
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from hospital.consents import NEW, WITHDRAWN, Move
from hospital.roles import Role

LONGEST = timedelta(days=731)
"""No offer, and so no opt-in, lasts longer."""
LEAST_REWARD_FEN, MOST_REWARD_FEN = 10, 100_000
"""A transfer by WeChat Pay is of 0.10 yuan at least, and needs the payee's name from 2 000 on
(unconfirmed); ours stays below that, so no name is ever sent with it."""
LEAST_GROUP, MOST_GROUP = 5, 50
"""What fewer patients of a delivery have in common is not shown; offers may ask for more."""
MOST_EPSILON_MILLI = 5_000
"""How much of an offer's privacy budget, in thousandths of epsilon, at most."""
MOST_LOSS_MILLI = 10_000
"""What the counts of all offers together may tell of one patient, in thousandths of epsilon."""
FIELDS = ("diagnosis/", "line/")
"""All that can be shared: what a prescription says of illnesses and of medicines."""


class Aim(StrEnum):
    """What an offer is for."""

    DRUG_SAFETY = "drug_safety"
    EFFECTIVENESS = "effectiveness"
    EPIDEMIOLOGY = "epidemiology"
    HEALTH_ECONOMICS = "health_economics"
    PRODUCT_DEVELOPMENT = "product_development"


class Mode(StrEnum):
    """What is delivered; also the purpose of the looks that it takes."""

    RECORDS = "research_records"
    COUNTS = "research_counts"


class Decision(StrEnum):
    """What a regulator says of an offer."""

    APPROVE = "approve"
    REFUSE = "refuse"


AIMS: Mapping[Aim, str] = {
    Aim.DRUG_SAFETY: "药品安全性研究",
    Aim.EFFECTIVENESS: "疗效研究",
    Aim.EPIDEMIOLOGY: "流行病学研究",
    Aim.HEALTH_ECONOMICS: "卫生经济学研究",
    Aim.PRODUCT_DEVELOPMENT: "企业产品研发",
}
MODES: Mapping[Mode, str] = {
    Mode.RECORDS: "去标识化的逐人数据",
    Mode.COUNTS: "加噪声的汇总计数",
}

PUBLISHED, APPROVED, REFUSED, CLOSED = "published", "approved", "refused", "closed"
GIVEN = "given"
# fmt: off
PUBLISH  = Move("offer.publish",  "offer", NEW,       PUBLISHED, Role.RESEARCHER)
APPROVE  = Move("offer.approve",  "offer", PUBLISHED, APPROVED,  Role.REGULATOR)
REFUSE   = Move("offer.refuse",   "offer", PUBLISHED, REFUSED,   Role.REGULATOR)
CLOSE    = Move("offer.close",    "offer", APPROVED,  CLOSED,    Role.RESEARCHER)
OPT_IN   = Move("optin.give",     "optin", NEW,       GIVEN,     Role.PATIENT)
WITHDRAW = Move("optin.withdraw", "optin", GIVEN,     WITHDRAWN, Role.PATIENT)
# fmt: on

MOVES = (PUBLISH, APPROVE, REFUSE, CLOSE, OPT_IN, WITHDRAW)
DECIDED_BY: Mapping[Decision, Move] = {Decision.APPROVE: APPROVE, Decision.REFUSE: REFUSE}
