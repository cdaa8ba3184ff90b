"""What a patient's phone does by itself."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hospital.client import Client
from pharmacy.codes import LIFE, Code


def pickup_code(
    client: Client, prescription: str, pharmacy: str, origin: str, *, life: timedelta = LIFE
) -> str:
    """The code for the counter, signed with the phone's key, without asking the server."""
    nonce = base64.urlsafe_b64encode(os.urandom(18)).decode()
    subject = f"rx/{UUID(prescription).hex}"
    code = Code(origin, subject, pharmacy, nonce, datetime.now(UTC) + life)
    return client.sign(code.text().decode())
