"""The fixtures that all tests stand on."""

import threading

from django.db import connection


def test_the_database_is_open_to_threads(database):
    seen = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            seen.append(cursor.fetchone()[0])
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert seen == [connection.settings_dict["NAME"]]
    assert seen[0].startswith("test_rx_")


def test_keys_and_log_lie_in_a_temporary_folder(settings, private_folders):
    assert settings.KEY_FOLDER.parent == private_folders
    assert settings.LOG_FOLDER.parent == private_folders
