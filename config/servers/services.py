"""
The programs of ``./rx up`` and ``./rx demo``, and the one way to have them all running.

A new program is one more entry in ``_programs``. Programs get their settings through the
environment only, so ``Stack.env`` is also what another program needs to join them.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import KombuError
from redis import RedisError

from config import home as places
from config import witnesses as organisations
from config.servers import embedded, folder, locks, ports, processes
from config.servers.folder import ServerProblem
from config.servers.privileges import OURSELVES
from config.servers.processes import Program, Say, Supervisor
from config.simulators import environment, keys

WEB_WORKERS, WEB_THREADS = 2, 8
TASK_WORKERS = 2
WEBHOOK_SENDERS = 4
SIMULATOR_THREADS = 16
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass(frozen=True, slots=True)
class Stack:
    """
    Everything running: where it answers, what watches it, and the environment to join it.

    ``live_url`` is where the regulator's feed is. ``simulator_url`` is empty if the environment
    names a real WeChat merchant.
    """

    home: Path
    web_url: str
    live_url: str
    simulator_url: str
    env: Mapping[str, str]
    servers: embedded.Servers
    supervisor: Supervisor


@contextmanager
def running(
    home: Path = places.HOME,
    *,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    witnesses: bool = False,
    more: Callable[[Stack], Iterable[Program]] = lambda stack: (),
    say: Say = embedded.to_stderr,
) -> Iterator[Stack]:
    """
    Have the servers, the web, the workers and the simulators of ``home`` running.

    ``port`` is the web's, 0 for the one it had before; ``env`` is added to every program's
    environment; ``witnesses`` starts the sample organisations' witnesses too, whose quorum then
    makes checkpoints final; ``more`` names further programs, started when the others are ready.

    Raises:
        ServerProblem: something does not start, or the home is served by another process.
    """
    folder.prepare(home)
    handle = locks.only_one(home / "stack.lock")
    if handle is None:
        raise ServerProblem(
            f"{home} is already served by another ./rx up or ./rx demo: use that one, stop it, "
            "or set RX_HOME to another folder."
        )
    try:
        with embedded.running(home, say) as servers:
            supervisor = Supervisor(home, heartbeat=lambda: servers.repair(say))
            stack = _stack(servers, supervisor, port, env or {})
            watching = _prepare(stack, witnesses, say)
            with supervisor:
                supervisor.start([*watching, *_programs(stack)], say)
                supervisor.start(more(stack), say)
                yield stack
    finally:
        os.close(handle)


def manage(stack: Stack, *arguments: str) -> str:
    """
    Run a command of ``manage.py`` inside the stack; its output.

    Raises:
        ServerProblem: it failed, and its last words.
    """
    ran = OURSELVES.run(sys.executable, places.BASE / "manage.py", *arguments, env=stack.env)
    if ran.returncode:
        words = "\n".join((ran.stdout + ran.stderr).splitlines()[-15:])
        raise ServerProblem(f"manage.py {' '.join(arguments)} failed:\n{words}")
    return ran.stdout


def _stack(
    servers: embedded.Servers, supervisor: Supervisor, port: int, added: Mapping[str, str]
) -> Stack:
    """Choose the addresses, and write them into the environment of every program."""
    home = servers.home
    web = f"http://127.0.0.1:{ports.choose(home, 'web', port)}"
    live = f"http://127.0.0.1:{ports.choose(home, 'live')}/live"
    simulator, wechat = "", {}
    if not os.environ.get("WECHAT_MCHID"):
        simulator = f"http://127.0.0.1:{ports.choose(home, 'simulator')}"
        wechat = environment.environment(simulator, web, home)
        wechat |= {"WECHAT_PHONE": simulator, "RX_DEMO": "1"}
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", **os.environ, "RX_HOME": str(home)}
    if home != places.HOME:
        env |= {name: str(home / name[3:].lower()) for name in ("RX_KEYS", "RX_LOG", "RX_POLICY")}
    env |= {"RX_LIVE": live, "RX_SITE": web}
    return Stack(home, web, live, simulator, {**env, **wechat, **added}, servers, supervisor)


def _prepare(stack: Stack, with_witnesses: bool, say: Say) -> list[Program]:
    """Tables, keys and log: all that must be there before the first program starts."""
    say("Preparing tables and keys …")
    if stack.simulator_url:
        merchant = Path(stack.env["WECHAT_KEYS"])
        merchant.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys.make(merchant, Path(stack.env["WECHAT_SIMULATOR_KEYS"]))
    made: list[Program] = []
    if with_witnesses:
        made = organisations.programs(
            organisations.prepare(stack.home, stack.web_url, stack.env), stack.env
        )
    manage(stack, "migrate", "--no-input")
    manage(stack, "init")
    return made


def _programs(stack: Stack) -> list[Program]:
    """In the order in which they start; they stop in the reverse."""
    web = _granian(stack.web_url, "config.wsgi", WEB_WORKERS, WEB_THREADS)
    worker = _celery("worker", "--pool", "prefork", "--concurrency", str(TASK_WORKERS))
    worker += QUIET
    senders = _celery("worker", "--queues", "webhooks", "--hostname", "webhooks@%h")
    senders += ("--pool", "threads", "--concurrency", str(WEBHOOK_SENDERS), *QUIET)
    beat = _celery("beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", "")
    live = (sys.executable, "-m", "hospital.live", "--port", str(urlsplit(stack.live_url).port))
    ready_live = f"{stack.live_url.removesuffix('/live')}/healthz"
    programs = [
        Program("web", web, stack.env, lambda: processes.answers(f"{stack.web_url}/healthz")),
        Program("worker", worker, stack.env, lambda: _worker_answers(stack)),
        Program("webhooks", senders, stack.env),
        Program("beat", beat, stack.env),
        Program("live", live, stack.env, lambda: processes.answers(ready_live)),
    ]
    if stack.simulator_url:
        ready = f"{stack.simulator_url}/healthz"
        wechat = _granian(stack.simulator_url, "config.simulators.wsgi", 1, SIMULATOR_THREADS)
        programs.insert(0, Program("wechat", wechat, stack.env, lambda: processes.answers(ready)))
    return programs


def _granian(url: str, module: str, workers: int, threads: int) -> tuple[str, ...]:
    """
    A WSGI server on the loopback.

    A worker that dies is replaced; one that does not finish its requests at the end is killed
    before we would kill its parent.
    """
    port = urlsplit(url).port
    return (
        *(sys.executable, "-m", "granian", f"{module}:application", "--interface", "wsgi"),
        *("--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning"),
        *("--workers", str(workers), "--blocking-threads", str(threads)),
        *("--respawn-failed-workers", "--respawn-interval", "0.2", "--workers-kill-timeout", "6"),
    )


def _celery(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "config.celery", *arguments, "-l", "WARNING")


def _worker_answers(stack: Stack) -> bool:
    """Ask the worker through the queue, as a task would reach it."""
    broker = stack.servers.redis_url.replace("unix://", "redis+socket://", 1)
    try:
        with Celery(broker=broker) as application, application.connection() as connection:
            return bool(application.control.ping(timeout=0.5, limit=1, connection=connection))
    except (OSError, RedisError, KombuError):
        return False
