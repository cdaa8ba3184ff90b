"""The document of what becomes of an attempt to cancel, by state and role."""

from __future__ import annotations

from hospital.roles import Role
from prescriptions.actions import cancelling
from prescriptions.actions.cancelling import EPS
from prescriptions.models import Status

ROLES = (Role.DOCTOR, Role.PATIENT, Role.SYSTEM)
ENGLISH = {
    "R-0001": "cancelled",
    "R-0002": "with the dispenser, marked: ours is refused to a patient who has paid; for a doctor"
    " the row's lock decides, so nothing needs a mark",
    "R-0003": "with the dispenser, partly dispensed, marked: as R-0002",
    "R-0004": "dispensed",
    "R-0005": "expired",
    "R-0006": "cancelled before",
    "R-0007": "another prescriber's (another patient's)",
    "R-0008": "not found",
    "R-0009": "cancelling is switched off: ours is `ledger.lagging` or `server.busy`, 503",
    "R-0010": "nothing was dispensed and nothing will be: ours is a draft that nobody issued",
}


def document(made: str) -> str:
    """Every state × who cancels, and the list of the English outcomes."""
    rows = [
        f"| {status.value} | {' | '.join(_outcome(status, role) for role in ROLES)} |"
        for status in Status
    ]
    others = (cancelling.OtherPrescriber, cancelling.OtherPatient, cancelling.OtherSystem)
    names = ", ".join(f"`{one.code}` ({EPS[one]})" for one in others)
    return "\n".join(
        [
            "# What becomes of an attempt to cancel",
            "",
            made,
            "",
            (
                "Every attempt has an outcome with a code of its own; `eps` is the number of the"
                " same outcome in England's prescription service. From `valid_until` on it is"
                f" `{cancelling.Expired.code}` ({EPS[cancelling.Expired]}), whether or not the"
                f" clock has come by. Whose it is not, in any state: {names}. What there is not:"
                f" `{cancelling.Unknown.code}` ({EPS[cancelling.Unknown]}). A draft that a"
                " hospital's system is uploading can be voided by its doctor too, and is cancelled:"
                " what is void before the upload ends never counts."
            ),
            "",
            f"| state | {' | '.join(role.value for role in ROLES)} |",
            "|---|---|---|---|",
            *rows,
            "",
            "| number | outcome |",
            "|---|---|",
            *(f"| {number} | {words} |" for number, words in ENGLISH.items()),
            "",
        ]
    )


def _outcome(status: Status, role: Role) -> str:
    refused = cancelling.refusal(status, role)
    if refused is None:
        return f"cancelled ({cancelling.CANCELLED})"
    return f"`{refused.code}` ({EPS[refused]})"
