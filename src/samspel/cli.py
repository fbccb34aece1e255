"""The command line: ``samspel demo | serve | init | check | backup | restore …``."""

import argparse
import getpass
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from samspel import __version__
from samspel.commands import answers, choose, load, match, posts, seat, themes
from samspel.commands.files import FileError, read_bytes, read_text, write_example
from samspel.core.embedded_postgres import EmbeddedPostgresError, Server, ensure_running, keep_running, stop

_PATIENCE_S: Final = 60.0


class CommandError(Exception):
    """A command cannot be carried out; the text says why and what to do."""


class DatabaseAwayError(CommandError):
    """The database does not answer."""


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

    def keep(self) -> None:
        """Start the embedded server again if somebody killed it; when that fails, say why and let the next call try."""
        if self.server is None:
            return
        try:
            self.server = keep_running(self.server)
        except EmbeddedPostgresError as error:
            print(error, file=sys.stderr, flush=True)

    def get_ready(self) -> None:
        """Migrate and check, and begin again when the database dies meanwhile or is not there yet."""
        from django.db import InterfaceError, OperationalError, connections

        deadline_s = time.monotonic() + _PATIENCE_S
        while True:
            try:
                migrate()
                check_start()
                return
            except (OperationalError, InterfaceError, DatabaseAwayError) as error:
                connections.close_all()
                if time.monotonic() > deadline_s:
                    raise DatabaseAwayError(str(error)) from error
                print(f"The database does not answer; trying again. {error}", file=sys.stderr, flush=True)
            time.sleep(0.5)
            self.keep()

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
    """Run one command: 0 when it went well, 1 with a sentence on standard error when not, 2 for unknown words."""
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
    except (CommandError, FileError, EmbeddedPostgresError) as error:
        print(f"samspel {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "serve",
        help="run the site",
        description="Run the site until it is stopped, with its background work and, where no other is named, its own"
        " database. Tables of an older Samspel are brought up to date first.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (0.0.0.0 for a hall)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (8000)")
    parser.add_argument("--workers", type=int, default=0, help="processes for pages; 0: one process for all")
    parser.set_defaults(run=_run_serve)


def _run_serve(options: argparse.Namespace) -> int:
    os.environ.setdefault("SAMSPEL_SITE_URL", _site_url(_address_for_phones(options.host), options.port))
    with Database() as database:
        set_up()
        database.get_ready()
        from samspel.serve import serve

        if database.server is not None:
            say(f"Data: {database.server.data_dir}")
        serve(options.host, options.port, options.workers, keep=database.keep, announce=_announce)
        return 0


def _address_for_phones(host: str) -> str:
    """This machine's address in its network, or an empty string when nobody else reaches what listens at ``host``."""
    from samspel.demo import house

    return "" if host in {"127.0.0.1", "localhost", "::1"} else house.address_in_network()


def _site_url(lan: str, port: int) -> str:
    return f"http://{lan or 'localhost'}:{port}"


def _announce(address: str) -> None:
    say(f"Samspel is at {address}")


def check_start() -> None:
    from django.core.checks import ERROR, run_checks

    found = run_checks(databases=["default"])
    wrong = [message for message in found if message.level >= ERROR]
    for message in found:
        print(f"{message.id}: {message.msg} {message.hint or ''}", file=sys.stderr)
    if any(message.id == "samspel.E001" for message in wrong):
        raise DatabaseAwayError("the database does not answer")
    if wrong:
        raise CommandError("the checks above must pass first")


def check_tables() -> None:
    """:raises CommandError: nobody has made an installation here, or its tables are an older Samspel's."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        raise CommandError(f"there is no installation in {var_dir()}; samspel init makes one")
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("the tables are an older Samspel's; samspel serve brings them up to date when it starts")


def _check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "check",
        help="check settings, database and the files of answers",
        description="Look whether the settings hold, the database answers with tables of this Samspel, and every answer"
        " is counted as it was given. Nothing is changed.",
    )
    parser.set_defaults(run=_run_check)


def _run_check(options: argparse.Namespace) -> int:
    with Database():
        set_up()
        check_start()
        check_tables()
        from samspel.encounters import verifying

        faults = verifying.faults()
    for fault in faults:
        print(f"encounters: {fault}", file=sys.stderr)
    if faults:
        raise CommandError("the answers above are not as they should be; see docs/operations/encounters.md")
    say("All is well.")
    return 0


def _compact(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "compact",
        help="move answers that have rested out of the database",
        description="Move the answers of days that have rested from the database into files, and let the figures hold"
        " what is answered until now. It is done every night by itself, and can be stopped anywhere and run again.",
    )
    parser.set_defaults(run=_run_compact)


def _run_compact(options: argparse.Namespace) -> int:
    with Database():
        set_up()
        migrate()
        from samspel.encounters import compaction

        try:
            moved = compaction.compact(datetime.now(UTC))
        except compaction.BusyError as error:
            raise CommandError("another process is moving answers just now; nothing was changed") from error
    say(f"{moved.rows:,} answers moved, {moved.written} files written, {moved.swept} old ones removed.")
    if moved.waiting:
        say(f"{moved.waiting} days changed meanwhile and are moved the next time.")
    return 0


def _init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "init",
        help="make an empty installation with its first administrator",
        description="Make the tables and the first administrator, who can sign in and invite all others. Where there is"
        " an installation already nothing is changed.",
    )
    parser.add_argument("--name", required=True, help="the municipality's name")
    parser.add_argument("--admin-name", required=True)
    parser.add_argument("--admin-email", required=True)
    parser.add_argument("--language", default="sv", choices=("sv", "da", "en"))
    parser.add_argument("--password-file", type=Path, help="file with the password; asked for when left out")
    parser.set_defaults(run=_run_init)


def _run_init(options: argparse.Namespace) -> int:
    password = _password(options.password_file)
    with Database() as database:
        set_up()
        migrate()
        from django.core.exceptions import ValidationError

        from samspel.people.actions import AlreadyThereError, make_installation

        try:
            make_installation(
                name=options.name,
                language=options.language,
                admin_name=options.admin_name,
                admin_email=options.admin_email,
                password=password,
            )
        except AlreadyThereError as error:
            raise CommandError("there is an installation already; nothing was changed") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if database.server is not None:
            say(f"Data: {database.server.data_dir}")
        say(f"{options.name} is ready. Start it with: samspel serve")
    return 0


def _password(file: Path | None) -> str:
    if file is not None:
        return read_text(file).strip()
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    first = getpass.getpass("Password for the administrator (at least 12 characters): ")
    if getpass.getpass("Once more: ") != first:
        raise CommandError("the two passwords differ; nothing was changed")
    return first


def _key(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "key",
        help="make a key for another system",
        description="Print a key with which another system may do through the API what this person may, for a year. It"
        " ends with her account or her password. It is shown once and kept nowhere.",
    )
    parser.add_argument("email", help="the address of an open account")
    parser.set_defaults(run=_run_key)


def _run_key(options: argparse.Namespace) -> int:
    with Database():
        set_up()
        check_tables()
        from samspel.core.actor import Actor
        from samspel.core.errors import NotFoundError
        from samspel.people.keys import new_key

        try:
            key = new_key(actor=Actor("person", name="command line", is_administrator=True), email=options.email)
        except NotFoundError as error:
            raise CommandError(f"nobody with an open account has the address {options.email}") from error
    say(key)
    return 0


def _backup(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "backup",
        help="write the whole installation into one file",
        description="Write database and answers as they are at one moment into a file, while the site goes on.",
    )
    parser.add_argument("file", type=Path)
    parser.set_defaults(run=_run_backup)


def _run_backup(options: argparse.Namespace) -> int:
    from samspel.core import backup

    with Database():
        try:
            set_up()
            from samspel.encounters import store

            answers = backup.Beside(store.folder(), store.LOCK, store.resting_files)
            url = os.environ["SAMSPEL_DATABASE_URL"]
            manifest = backup.back_up(url, options.file, made_at=datetime.now(UTC), beside=answers)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
    size_bytes = manifest.size_bytes + manifest.files_size_bytes
    say(f"{options.file}: {size_bytes:,} bytes, sha256 {manifest.sha256[:16]}…")
    return 0


def _restore(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "restore",
        help="put a backup back, whole or not at all",
        description="Put what samspel backup wrote back into an empty installation, or with --replace in the place of"
        " what is there.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--replace", action="store_true", help="also when the database holds something: it is replaced")
    parser.set_defaults(run=_run_restore)


def _run_restore(options: argparse.Namespace) -> int:
    from samspel.core import backup

    with Database():
        try:
            set_up()
            from samspel.encounters import compaction, store

            url = os.environ["SAMSPEL_DATABASE_URL"]
            manifest = backup.restore(url, options.file, replace=options.replace, folder=store.folder())
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        migrate()
        compaction.refresh(datetime.now(UTC))
    say(f"Restored what was backed up {manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    return 0


_IMPORT_OPTIONS: Final = {
    "rejected": ("encounters", "posts"),
    "template": ("encounters", "posts"),
    "adults_agreed": ("posts",),
    "codes": ("posts",),
}


def _import(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "import",
        help="take in a file",
        description="Take in a list of staff, a file of answers from another system, or needs and offers, and tell"
        " which rows cannot be used and why.",
    )
    parser.add_argument("what", choices=("staff", "encounters", "posts"))
    parser.add_argument(
        "file", type=Path, help="staff, posts: CSV or Excel (.xlsx); encounters: CSV, also .gz, or Parquet"
    )
    parser.add_argument(
        "--rejected", type=Path, metavar="OUT.csv", help="encounters, posts: what was not taken in, and why"
    )
    parser.add_argument(
        "--template", action="store_true", help="encounters, posts: write an example to the file instead"
    )
    parser.add_argument("--language", default="sv", choices=("sv", "da", "en"), help="of the reasons")
    parser.add_argument(
        "--adults-agreed",
        choices=("paper", "message"),
        metavar="paper|message",
        help="posts: all are adults, and this is how each has said yes to the exact words",
    )
    parser.add_argument("--codes", type=Path, metavar="OUT.csv", help="posts: where to write each person's code")
    parser.set_defaults(run=_run_import)


def _run_import(options: argparse.Namespace) -> int:
    for name, those in _IMPORT_OPTIONS.items():
        if getattr(options, name) and options.what not in those:
            told = name.replace("_", "-")
            raise CommandError(f"--{told} is for {' and '.join(those)}, not for {options.what}")
    if options.what == "encounters":
        return _run_import_encounters(options)
    if options.what == "posts":
        return _run_import_posts(options)
    content = read_bytes(options.file)
    with Database():
        set_up()
        migrate()
        from django.utils import translation

        from samspel.core.actor import Actor
        from samspel.core.errors import InvalidError
        from samspel.people.actions import import_staff
        from samspel.people.importing import parse_staff

        with translation.override(options.language):
            try:
                good, bad = parse_staff(options.file.name, content)
            except InvalidError as error:
                raise CommandError(" ".join(map(str, error.fields.values()))) from error
            done = import_staff(actor=Actor("person", name="command line", is_administrator=True), good=good, bad=bad)
    for row in done.bad:
        print(f"{options.file}:{row.line}: {row.reason}", file=sys.stderr)
    say(f"{done.rows} rows in, {len(done.bad)} not. {done.new_people} new people, {done.new_units} new units.")
    if done.made:
        say(f"New: {', '.join(done.made)}.")
    for row in done.otherwise:
        say(f"  row {row.line}: {row.reason}")
    return 0 if not done.bad else 1


def _run_import_encounters(options: argparse.Namespace) -> int:
    return _run_on_answers(options, answers.EXAMPLE, answers.take_in)


def _run_on_answers(options: argparse.Namespace, example: str, use: Callable[..., int]) -> int:
    if options.template:
        write_example(options.file, example)
        return 0
    if not options.file.is_file():
        raise CommandError(f"{options.file} cannot be read (no such file)")
    with Database():
        set_up()
        migrate()
        from django.utils import timezone, translation

        with translation.override(options.language):
            rejected = use(options.file, options.rejected, at=timezone.now(), out=say)
    return 0 if not rejected else 1


def _withdraw(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "withdraw",
        help="take back what came in by a file",
        description="Take back answers, for good: those that a file names by day, unit and key, or all rows of a file"
        " that was taken in. No figure has them after the next compaction, and sent again they do not come back.",
    )
    parser.add_argument("what", choices=("encounters",))
    parser.add_argument("file", type=Path, help="CSV, also .gz, or Parquet")
    parser.add_argument("--rejected", type=Path, metavar="OUT.csv", help="which rows could not be used, and why")
    parser.add_argument("--template", action="store_true", help="write an example to the file instead")
    parser.add_argument("--language", default="sv", choices=("sv", "da", "en"), help="of the reasons")
    parser.set_defaults(run=_run_withdraw)


def _run_withdraw(options: argparse.Namespace) -> int:
    return _run_on_answers(options, answers.NAMED, answers.withdraw)


def _run_import_posts(options: argparse.Namespace) -> int:
    if not options.template and not options.adults_agreed:
        raise CommandError("--adults-agreed paper (or message) says how each has said yes to the exact words")
    with Database():
        set_up()
        if options.template:
            posts.write_template(options.file)
            return 0
        migrate()
        from django.utils import timezone, translation

        with translation.override(options.language):
            rejected = posts.take_in(
                options.file,
                options.codes,
                options.rejected,
                consent=options.adults_agreed,
                at=timezone.now(),
                out=say,
            )
    return 0 if not rejected else 1


def _export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "export",
        help="save what was said in a dialogue, or needs and offers",
        description="Save what was said in a dialogue, by the file's ending: .csv and .xlsx (a row for each statement),"
        " .json, .pdf (.zip of several when there is much), .png with --picture. The file is whole or not there. Or all"
        " needs and offers that are not over as .csv, which samspel import posts and samspel match read.",
    )
    parser.add_argument(
        "what", metavar="dialogue|posts", help="a dialogue's number, as in /dialogues/7/lead; or the word posts"
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--open", action="store_true", help="only what is open to all, for a dialogue that has ended")
    parser.add_argument("--picture", metavar="NAME", help="three-1, words-1, themes-1 or lone-1-1 (question, voice)")
    parser.add_argument("--language", default="sv", choices=("sv", "da", "en"))
    parser.set_defaults(run=_run_export)


def _run_export(options: argparse.Namespace) -> int:
    if options.what == "posts":
        return _run_export_posts(options)
    if not options.what.isdecimal():
        raise CommandError(f"{options.what} is no dialogue's number; for needs and offers, write posts")
    with Database():
        set_up()
        from django.utils import translation

        from samspel.core.errors import SamspelError
        from samspel.dialogues import command_files

        try:
            with translation.override(options.language):
                size = command_files.export(
                    int(options.what), options.file, picture=options.picture, inside=not options.open
                )
        except command_files.AskedError as error:
            raise CommandError(str(error)) from error
        except SamspelError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options.file} cannot be written ({error.strerror or error})") from error
    say(f"{options.file}: {size:,} bytes")
    return 0


def _run_export_posts(options: argparse.Namespace) -> int:
    with Database():
        set_up()
        check_tables()
        from django.utils import timezone

        size = posts.export(options.file, at=timezone.now())
    say(f"{options.file}: {size:,} bytes")
    return 0


def _play(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "play",
        help="play statements from a file into a rehearsal",
        description="Play statements (CSV or Excel, as samspel export saves them) into a rehearsal, as if its made-up"
        " people wrote them.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("dialogue", type=int, help="the rehearsal's number, as in /dialogues/7/lead")
    parser.add_argument("--a-minute", type=float, default=0, metavar="N", help="so many a minute; 0: all at once")
    parser.set_defaults(run=_run_play)


def _run_play(options: argparse.Namespace) -> int:
    if not 0 <= options.a_minute < 1e6:
        raise CommandError("--a-minute is not below 0")
    content = read_bytes(options.file)
    with Database():
        set_up()
        from samspel.core.errors import InvalidError, SamspelError
        from samspel.dialogues import command_files

        try:
            played, bad = command_files.play(options.dialogue, options.file.name, content, options.a_minute)
        except InvalidError as error:
            raise CommandError(" ".join(error.fields.values())) from error
        except command_files.AskedError as error:
            raise CommandError(str(error)) from error
        except SamspelError as error:
            raise CommandError(error.message) from error
    for row in bad:
        print(f"{options.file}:{row.line}: {row.reason}", file=sys.stderr)
    say(f"{played} statements played, {len(bad)} rows not.")
    return 1 if bad else 0


def _demo(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "demo",
        help="open the example town of Lindvik, with people in it",
        description="Open a made-up town with meetings, answers and made-up people who come to a dialogue. It has a"
        " database of its own and touches no other.",
    )
    parser.add_argument("--host", default="0.0.0.0", help="address to listen at")  # noqa: S104 (phones must reach it)
    parser.add_argument("--port", type=int, help="port; the first free one from 8000 up when left out")
    parser.add_argument("--people", type=int, default=36, help="how many made-up people come, three to five at a table")
    parser.add_argument("--pace", type=float, default=1.0, help="2 is twice as fast, 0 does not wait")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="play a dialogue or statements (.csv, .xlsx)")
    parser.add_argument("--and-stop", action="store_true", help="stop when the replay is over")
    parser.add_argument("--protocol", type=Path, metavar="OUT", help="write the replayed dialogue's protocol as JSON")
    parser.add_argument("--fresh", action="store_true", help="throw the town away and make it anew")
    parser.add_argument("--quiet-people", action="store_true", help="nobody comes by herself")
    parser.add_argument(
        "--year",
        action="store_true",
        help="make the town with a year of encounters in which truths are planted; takes minutes",
    )
    parser.set_defaults(run=_run_demo)


def _run_demo(options: argparse.Namespace) -> int:
    from samspel.demo import house

    if options.pace < 0 or options.people < 0:
        raise CommandError("--pace and --people cannot be below 0")
    os.environ["SAMSPEL_VAR"] = str(var_dir() / "demo")
    try:
        if options.replay is not None:
            print(house.check_replay(options.replay), end="", file=sys.stderr, flush=True)
        with house.own_folder(var_dir()) as folder:
            if options.fresh:
                house.empty_folder(folder)
            return _open_town(options, house.free_port(options.host, options.port))
    except house.HouseError as error:
        raise CommandError(str(error)) from error


def _open_town(options: argparse.Namespace, port: int) -> int:
    """The town on a port of its own, until it is stopped."""
    from samspel.demo import house

    lan = _address_for_phones(options.host)
    os.environ.pop("SAMSPEL_DATABASE_URL", None)  # a demo never touches a database that it did not make
    os.environ["SAMSPEL_DEMO"] = "1"
    os.environ["SAMSPEL_SITE_URL"] = _site_url(lan, port)
    is_new = not (var_dir() / "postgres").exists()
    say("Making the town of Lindvik; the first time takes a moment …" if is_new else "Opening the town of Lindvik …")
    with Database() as database:
        set_up()
        database.get_ready()
        from samspel.demo import starting
        from samspel.serve import serve

        town = starting.prepare(people=options.people, with_year=options.year)
        ended: list[int] = []
        child = house.Child(*starting.crowd(town, options, port))

        def keep() -> None:
            database.keep()
            if options.replay is None and not options.quiet_people:
                child.keep()
            elif options.replay is not None and not ended:
                starting.keep_replay(child, ended, and_stop=options.and_stop)

        def announce(_address: str) -> None:
            house.tell_address(var_dir(), f"http://localhost:{port}")
            say(starting.welcome(town, port=port, lan=lan, data=var_dir(), replay=options.replay))

        try:
            serve(options.host, port, keep=keep, announce=announce)
        finally:
            child.stop()
        say(f"Lindvik is closed. What was said is kept: {starting.command()} goes on with the same meeting,")
        say(f"{starting.command('--fresh')} starts over.")
        return ended[0] if ended else 0


COMMANDS: list[Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]] = [
    _serve,
    _init,
    _check,
    _key,
    _compact,
    _backup,
    _restore,
    _import,
    _withdraw,
    _export,
    _play,
    _demo,
    choose.add,
    match.add,
    seat.add,
    themes.add,
    load.add,
]

if __name__ == "__main__":
    raise SystemExit(main())
