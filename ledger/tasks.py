"""What Celery wakes. A task lost, doubled or late does no harm: each looks for what is due."""

from celery import shared_task
from django.conf import settings

from ledger import alarms, chain, checkpoints, feeding, keyfile, patientlists, sequencer
from ledger.cosignature import Algorithm, Cosigner
from ledger.models import Log
from ledger.policy import BadPolicy
from ledger.publication import Refused

SEQUENCER, SIGNER, FEEDER = "sequencer.contradiction", "signer.refused", "policy.unusable"
LISTS = "patients.refused"


@shared_task(name="ledger.tasks.sequence")
def sequence() -> None:
    """Give leaves to the events committed since the last run."""
    with alarms.watching(chain.origin(), SEQUENCER, sequencer.Contradiction):
        sequencer.sequence(chain.origin())


@shared_task(name="ledger.tasks.checkpoint")
def checkpoint() -> None:
    """Sign the log's head if it has grown, publish it, and show it to the witnesses."""
    with alarms.watching(chain.origin(), SIGNER, Refused):
        signer = keyfile.load(settings.KEY_FOLDER / "log.key")
        checkpoints.advance(signer, settings.LOG_FOLDER, second=second_key())
    feed()


@shared_task(name="ledger.tasks.feed")
def feed() -> None:
    """Show the newest checkpoint to the witnesses that are due; publish what is final."""
    log = Log.objects.get(id=chain.log_id(chain.origin()))
    with alarms.watching(chain.origin(), FEEDER, BadPolicy):
        feeding.feed(log, settings.LOG_FOLDER)
        checkpoints.publish_final(log, settings.LOG_FOLDER)


@shared_task(name="ledger.tasks.patients")
def patients() -> None:
    """Bring the patients' lists to the newest final checkpoint; publish them when cosigned."""
    with alarms.watching(chain.origin(), LISTS, Refused):
        signer = keyfile.load(settings.KEY_FOLDER / "log.key")
        patientlists.advance(signer, settings.LOG_FOLDER, second=second_key())


def second_key() -> Cosigner | None:
    """The log's post-quantum key, where it has one."""
    path = settings.KEY_FOLDER / "log.ml-dsa.key"
    return keyfile.load_cosigner(path, Algorithm.ML_DSA_44) if path.exists() else None
