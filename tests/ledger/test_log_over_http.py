"""The published log over HTTP, and the commands that hand it out and verify it."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from ledger import audit, inspection, keyfile, note, tasks
from ledger.readers import MAX_BYTES, Folder, Web
from ledger.tiles import Missing
from tests.ledger.logs import ALog, Memory

ROOT = Path(__file__).parents[2]


def nothing(done: int, total: int) -> None:
    pass


@pytest.fixture
def urls():
    with override_settings(ROOT_URLCONF="ledger.urls"):
        yield


@pytest.fixture
def published(log: ALog, urls: None) -> ALog:
    log.append_many(300)
    log.checkpoint()
    return log


def test_serves_the_files_of_the_log_and_how_long_they_last(published):
    client = Client()
    for path, content in Memory.of(published.folder).items():
        answer = client.get(f"/{path}")
        assert (answer.status_code, answer.content) == (200, content)
        is_tile = path.startswith("tile/")
        assert ("immutable" in answer["Cache-Control"]) == is_tile
        assert answer["Content-Type"] == (
            "application/octet-stream" if is_tile else "text/plain; charset=utf-8"
        )
    assert client.get("/checkpoint")["Cache-Control"] == "no-cache"
    assert client.head("/checkpoint").status_code == 200
    assert client.post("/checkpoint").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/999",
        "tile/0/000.p/300",
        "tile/0/../../checkpoint",
        "tile/0/%2e%2e/%2e%2e/checkpoint",
        "tile//etc/passwd",
        "tile/entries/000/",
        "tile/0/000%00",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/٠٠٠",
        "tile/0/" + "x000/" * 50 + "000",
    ],
)
def test_no_other_path_is_served(published, path):
    answer = Client().get(f"/{path}")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "log.not_found"


def test_serves_nothing_before_the_first_checkpoint(log, urls):
    assert Client().get("/checkpoint").status_code == 404
    assert Client().get("/log.vkey").status_code == 404


def test_verifies_over_http(published):
    def answer(request: httpx.Request) -> httpx.Response:
        found = Client().get(request.url.path)
        return httpx.Response(found.status_code, content=found.content)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        web = Web("http://log.example/", client)
        summary = inspection.verify_files(web, audit.read_vkey(web), nothing)
    assert summary.size == 302


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(500), httpx.Response(302), httpx.Response(200, content=b"x" * (MAX_BYTES + 1))],
    ids=["500", "302", "endless"],
)
def test_a_server_that_misbehaves_has_no_such_file(answer):
    with (
        httpx.Client(transport=httpx.MockTransport(lambda request: answer)) as client,
        pytest.raises(Missing),
    ):
        Web("http://log.example", client).read("checkpoint")


def test_a_server_that_does_not_answer_has_no_such_file():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with (
        httpx.Client(transport=httpx.MockTransport(refuse)) as client,
        pytest.raises(Missing, match="refused"),
    ):
        Web("http://log.example", client).read("checkpoint")


def test_verify_checks_the_tables_and_what_is_published(published):
    out = StringIO()
    call_command("verify", stdout=out)

    assert out.getvalue().count("302 entries about 9 subjects, 3 keys") == 2
    assert f"OK     database: {published.origin}" in out.getvalue()


def test_verify_names_the_first_fault_and_fails(published):
    path = published.folder / "tile/1/000.p/1"
    path.write_bytes(b"x" * 32)
    err = StringIO()

    with pytest.raises(SystemExit) as exit_:
        call_command("verify", stdout=StringIO(), stderr=err)

    assert exit_.value.code == 1
    assert "FAULT  tile/1/000.p/1" in err.getvalue()


def test_verify_finds_a_published_log_that_the_database_does_not_know(published):
    published.forge("DELETE FROM ledger_checkpoint WHERE log_id = %s", published.id)

    with pytest.raises(audit.Fault, match="knows no checkpoint"):
        inspection.published(published.origin, published.folder, nothing)


def test_verify_needs_a_log(database):
    with override_settings(LEDGER_ORIGIN="nobody/knows"), pytest.raises(CommandError):
        call_command("verify")
    with pytest.raises(CommandError):
        call_command("verify", "/no/such/folder")


def test_an_exported_folder_is_verified_without_a_database(published, tmp_path):
    folder = tmp_path / "handed-out"
    out = StringIO()
    call_command("ledger", "export", str(folder), stdout=out)
    assert f"302 entries of {published.origin}" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("ledger", "export", str(folder))

    def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
        nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "manage.py", "verify", str(folder), *arguments]
        return subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True)

    assert "302 entries about 9 subjects" in verify().stdout
    assert verify("--vkey", published.signer.verifier.vkey).returncode == 0
    (folder / "notes.txt").write_text("by hand")
    assert "not part of the log as checkpointed: notes.txt" in verify().stdout
    (folder / "tile/0/001.p/46").unlink()
    refused = verify()
    assert refused.returncode == 1
    assert "FAULT  tile/0/001.p/46" in refused.stderr


def test_the_tasks_sequence_and_publish(log, tmp_path):
    """Each task twice: doing it again does no harm."""
    keyfile.save(tmp_path / "keys" / "log.key", log.signer)
    with override_settings(KEY_FOLDER=tmp_path / "keys"):
        for _ in range(2):
            tasks.sequence()
            tasks.checkpoint()
    assert inspection.published(log.origin, log.folder, nothing).size == 2


class TestKeyFiles:
    def test_keep_a_key_for_its_owner_alone(self, tmp_path):
        path, signer = tmp_path / "keys" / "log.key", note.Signer.generate("example/log")
        keyfile.save(path, signer)

        assert path.stat().st_mode & 0o777 == 0o600
        assert keyfile.load(path).verifier == signer.verifier
        assert keyfile.load(path).seed == signer.seed

    def test_are_never_overwritten(self, tmp_path):
        path = tmp_path / "log.key"
        keyfile.save(path, note.Signer("a", b"a" * 32))
        with pytest.raises(FileExistsError):
            keyfile.save(path, note.Signer("b", b"b" * 32))
        assert keyfile.load(path).verifier.name == "a"

    @pytest.mark.parametrize(
        "content",
        [b"", b"name", b"name \n", b"name AAAA\n", b"\xff \n", b"name " + b"A" * 43 + b"="],
    )
    def test_have_one_form(self, tmp_path, content):
        path = tmp_path / "log.key"
        path.write_bytes(content)
        with pytest.raises(note.Malformed):
            keyfile.load(path)


def test_a_folder_in_place_of_a_file_is_no_file(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(Missing):
        Folder(tmp_path).read("checkpoint")
