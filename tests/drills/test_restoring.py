"""
A database that comes back from a backup (``docs/restoring.md``).

Real dumps, real clusters, the operator's real processes.
"""

import shutil

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_l12_a_dump_in_a_new_cluster_goes_on_where_the_old_one_stopped(make_operator, tmp_path):
    """F13, L12: transaction ids start again; what had no leaf yet gets one, once."""
    old = make_operator("old")
    assert old.does("open", "append:5", "sequence", "sign", "append:3") == [2, 5, 7, 7, 3]
    backup = old.dump(tmp_path / "backup")
    old.stop()

    new = make_operator("new")
    new.restore(backup)
    assert new.does("sequence", "sequence") == [3, 0]
    assert new.does("append:4", "sequence", "sequence") == [4, 4, 0]
    assert new.does("sign", "size", "audit") == [14, 14, 14]


def test_l12_an_older_backup_signs_nothing_that_would_fork_the_log(make_operator, tmp_path):
    """L12: also not when it has outgrown what was published."""
    old = make_operator("old")
    old.does("open", "append:5", "sequence", "sign")
    backup = old.dump(tmp_path / "backup")
    assert old.does("append:3", "sequence", "sign") == [3, 3, 10]
    published = (old.folders / "log/signed").read_bytes()

    old.restore(backup)
    for grown in (1, 5):
        _, _, said = old.does(f"append:{grown}", "sequence", "sign")
        assert said == ["Refused", "the database does not know the published checkpoint at 10"]
    assert (old.folders / "log/signed").read_bytes() == published
    assert old.does("size") == [10]


def test_l12_an_old_backup_of_database_and_folder_together_is_the_witnesses_to_stop(
    make_operator, tmp_path
):
    """The operator alone cannot know; ``tests/ledger/test_feeding.py`` shows that they do."""
    old = make_operator("old")
    old.does("open", "append:5", "sequence", "sign")
    backup = old.dump(tmp_path / "backup")
    shutil.copytree(old.folders, tmp_path / "folders-then")
    old.does("append:3", "sequence", "sign")

    old.restore(backup)
    old.folders = tmp_path / "folders-then"
    assert old.does("append:1", "sequence", "sign") == [1, 1, 8]
