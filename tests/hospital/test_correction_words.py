"""Each field of what is said about a record is committed to under a salt of its own."""

import base64
import hashlib
import hmac

from hospital.corrections.content import Words
from ledger import commitments

SALT = bytes(range(16))


def test_the_commitment_can_be_made_again_from_its_description():
    """Who is shown one field with its salt can guess at no other."""
    said = {"allergies": "无", "why": "皮试阴性"}
    words = Words({"allergies": "无"}, "皮试阴性", base64.b64encode(SALT).decode())
    digests = [
        commitments.digest(hmac.digest(SALT, name.encode(), hashlib.sha256)[:16], name, value)
        for name, value in said.items()
    ]
    assert words.commitment == commitments.commit(digests)
    alone = Words({"allergies": "无"}, "", base64.b64encode(SALT).decode())
    assert alone.commitment == commitments.commit(digests[:1])
