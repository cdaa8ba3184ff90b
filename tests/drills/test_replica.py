"""A standby that is read, that is stale, and that takes over (``docs/restoring.md``)."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_nothing_is_written_or_signed_on_a_standby(make_operator):
    first = make_operator("first")
    assert first.does("open", "append:5", "sequence", "sign", "append:1") == [2, 5, 7, 7, 1]
    standby = make_operator("standby", copied_from=first)

    for said in standby.does("append:1", "sequence", "sign"):
        assert "read-only" in said[1]
    assert standby.does("audit") == [7]
    assert first.does("sequence", "sign") == [1, 8]


def test_a_stale_standby_that_takes_over_signs_nothing_that_would_fork_the_log(make_operator):
    """It misses what the first one has signed: what came after it cannot be appended to."""
    first = make_operator("first")
    first.does("open", "append:5", "sequence", "sign")
    standby = make_operator("standby", copied_from=first)
    standby.stop()
    assert first.does("append:3", "sequence", "sign") == [3, 3, 10]
    first.stop()

    (standby.home / "postgres/standby.signal").unlink()  # what promoting does
    standby.start()
    for grown in (1, 5):
        _, _, said = standby.does(f"append:{grown}", "sequence", "sign")
        assert said == ["Refused", "the database does not know the published checkpoint at 10"]


def test_a_standby_that_misses_nothing_takes_over(make_operator):
    first = make_operator("first")
    first.does("open", "append:5", "sequence", "sign", "append:2")
    standby = make_operator("standby", copied_from=first)
    standby.stop()
    first.stop()

    (standby.home / "postgres/standby.signal").unlink()
    standby.start()
    assert standby.does("sequence", "append:1", "sequence", "sign", "size") == [2, 1, 1, 10, 10]


def test_two_masters_the_second_signs_nothing(make_operator):
    """Both write after the copy; whoever comes second finds a checkpoint that is not his."""
    first = make_operator("first")
    first.does("open", "append:5", "sequence", "sign")
    other = make_operator("other", copied_from=first)
    other.stop()
    (other.home / "postgres/standby.signal").unlink()
    other.start()

    assert other.does("append:2", "sequence", "sign") == [2, 2, 9]
    _, _, said = first.does("append:3", "sequence", "sign")
    assert said == ["Refused", "the database does not know the published checkpoint at 9"]
