"""The command line: ``samspel demo | serve | init | check | backup | restore …``."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from samspel import __version__
from samspel.core.embedded_postgres import EmbeddedPostgresError, Server, ensure_running, stop


class CommandError(Exception):
    """A command cannot be carried out; the text says why and what to do."""


def var_dir() -> Path:
    return Path(os.environ.get("SAMSPEL_VAR", "var")).resolve()


class Database:
    """The database of this installation: the address in SAMSPEL_DATABASE_URL, or an embedded server under var/."""

    def __init__(self) -> None:
        self.server: Server | None = None

    def __enter__(self) -> "Database":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "samspel.config.settings")
        os.environ["SAMSPEL_VAR"] = str(var_dir())
        if not os.environ.get("SAMSPEL_DATABASE_URL"):
            self.server = ensure_running(var_dir() / "postgres")
            os.environ["SAMSPEL_DATABASE_URL"] = self.server.url
        return self

    def __exit__(self, *_: object) -> None:
        if self.server is not None:
            stop(self.server)


def set_up() -> None:
    import django

    django.setup()


def migrate(*, quiet: bool = True) -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0 if quiet else 1)


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 with a sentence on standard error when not, 2 for words it does not know."""
    parser = argparse.ArgumentParser(
        prog="samspel", description="Samspel: an open platform for trust-based municipalities."
    )
    parser.add_argument("--version", action="version", version=f"samspel {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    options = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (CommandError, EmbeddedPostgresError) as error:
        print(f"samspel {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("serve", help="run the site")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (0.0.0.0 for a hall)")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=0, help="processes for pages; 0: one process for all")
    parser.set_defaults(run=_run_serve)


def _run_serve(options: argparse.Namespace) -> int:
    with Database() as database:
        set_up()
        migrate()
        _check_start()
        from samspel.serve import serve

        if database.server is not None:
            say(f"Data: {database.server.data_dir}")
        return int(serve(options.host, options.port, options.workers) or 0)


def _check_start() -> None:
    from django.core.checks import ERROR, run_checks

    found = run_checks(databases=["default"])
    wrong = [message for message in found if message.level >= ERROR]
    for message in found:
        print(f"{message.id}: {message.msg} {message.hint or ''}", file=sys.stderr)
    if wrong:
        raise CommandError("the checks above must pass first")


def _check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("check", help="check settings and database")
    parser.set_defaults(run=_run_check)


def _run_check(options: argparse.Namespace) -> int:
    with Database():
        set_up()
        _check_start()
        say("All is well.")
    return 0


COMMANDS: list[Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]] = [_serve, _check]

if __name__ == "__main__":
    raise SystemExit(main())
