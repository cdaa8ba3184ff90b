"""What holds of every sampled prescription at a quiet moment: it is judged as its entry says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Count

from ledger.entry import Statement
from prescriptions.appraisal import drawing, law
from prescriptions.appraisal.models import Case, Sample


def faults(ways: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Every judgement has its one entry, every entry its case; every sample is as large as due."""
    strangers = {subject for subject in ways if subject.startswith(f"{law.FAMILY}/")}
    for case in Case.objects.select_related("sample__draw"):
        strangers.discard(case.subject)
        yield from _of(case, ways.get(case.subject, ()))
    yield from (f"{subject} has an entry and no case" for subject in strangers)
    for sample in Sample.objects.annotate(drawn=Count("cases")):
        if sample.drawn != drawing.size(sample.population):
            yield f"sample {sample.id}: {sample.drawn} were drawn of {sample.population}"


def _of(case: Case, entries: Sequence[Statement]) -> Iterator[str]:
    if len(entries) != bool(case.verdict):
        yield f"{case.subject} is {case.verdict or 'not judged'}, and has {len(entries)} entries"
    seed = bytes(case.sample.draw.seed).hex()
    for one in entries:
        says = {"class": case.verdict, "problems": case.problems, "seed": seed}
        if (one.kind, one.facts) != (law.KIND, says):
            yield f"{case.subject}: its entry says something else"
