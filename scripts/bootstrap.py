"""Sets up everything that `make demo` and `make test` need, from Python and pip alone.

    python3 scripts/bootstrap.py run              what Samspel runs on
    python3 scripts/bootstrap.py dev              and the tools for tests and checks
    python3 scripts/bootstrap.py dev --browser    and a Chromium for the browser tests
    python3 scripts/bootstrap.py dev --cluster    and a Spark for the test that counts on a cluster

Standard library only: this runs before anything is installed. What is up to date is left alone, so that a second run
takes a moment. Packages come from where pip is set to look (PIP_INDEX_URL, pip.conf), checked against the hashes in
requirements/; nothing outside this folder is changed, except that Chromium and Java are installed when root asks for
tests.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
TOOLS = CACHE / "tools"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Samspel with the extra "cluster", beside .venv: Spark weighs more than all the rest.
CLUSTER = CACHE / "cluster"
# .venv has no pip; the Python that it was made from has.
PIP = [getattr(sys, "_base_executable", sys.executable), "-m", "pip"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVERS = {"nginx": "nginx-light", "redis-server": "redis-server"}
DEBIAN_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# How pip's settings are called in uv. pip's cert is uv's and Node's SSL_CERT_FILE.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
COMMA_SEPARATED = {"UV_FIND_LINKS"}


class SetupError(Exception):
    """What is missing and what to do about it, in words."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Set up Samspel in this folder.")
    parser.add_argument("level", choices=["run", "dev"])
    parser.add_argument("--browser", action="store_true", help="see to a Chromium as well")
    parser.add_argument("--cluster", action="store_true", help="see to a Spark as well")
    options = parser.parse_args()
    try:
        with one_at_a_time():
            set_up(options.level)
            if options.browser:
                see_to_browser()
                see_to_servers()
            if options.cluster:
                see_to_cluster()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def set_up(level: str) -> None:
    see_to_packages(level)
    for script, *arguments in (["build_frontend.py"], ["messages.py", "compile"]):
        command = [str(PYTHON), str(ROOT / "scripts" / script), *arguments]
        if subprocess.run(command, cwd=ROOT, env=registry_settings_if_needed()).returncode:
            raise SetupError("The set-up stopped; the reason stands above.")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two `make` at once in one folder wait for each other."""
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "bootstrap.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up in this folder …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def step(words: str) -> Iterator[None]:
    print(f"{words} …", flush=True)
    start = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - start:.1f} s", flush=True)


# ---------------------------------------------------------------- Python packages


def see_to_packages(level: str) -> None:
    """.venv with exactly the locked packages, and Samspel itself as a link to this folder."""
    if sys.version_info < (3, 11):  # noqa: UP036 (runs on whatever python3 is)
        raise SetupError(
            f"Samspel needs Python 3.11 or newer; this is {sys.version.split()[0]}. "
            "With another one at hand: make demo PYTHON=/path/to/python3.11"
        )
    mark = VENV / ".samspel-stamp"
    had = mark.read_text().split() if mark.is_file() else []
    if PYTHON.exists() and had in ([level, digest(level)], ["dev", digest("dev")]):
        return
    uv()
    if not (PYTHON.exists() and same_python()):
        with step("Making a place for Python packages in .venv"):
            run([str(uv()), "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    locked = f"requirements/{level}.txt"
    with step(f"Installing the Python packages of {locked}"):
        mark.unlink(missing_ok=True)
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        arguments = ["pip", "sync", *quiet, "--require-hashes", "--python", str(PYTHON), locked]
        run([str(uv()), *arguments], advice=UNREACHABLE)
        # No isolation: what builds is already there, locked like the rest.
        link = [
            "pip",
            "install",
            "--quiet",
            "--python",
            str(PYTHON),
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            ".",
        ]
        run([str(uv()), *link])
    mark.write_text(f"{level} {digest(level)}")


UNREACHABLE = """The packages could not be fetched; the reason stands above.
- No line to the package index? Samspel is fetched once; after that `make demo` runs without a network.
- Behind a proxy or a mirror of your own? Tell pip (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY or pip.conf);
  the same is used here.
Then run the same command again: what has come is kept."""


@cache
def uv() -> Path:
    """The locked uv in .cache/tools, fetched by pip when it is not there."""
    locked, program = ROOT / "requirements" / "tools.txt", TOOLS / "bin" / "uv"
    stamp, mark = hashlib.sha256(locked.read_bytes()).hexdigest(), TOOLS / ".samspel-stamp"
    if program.exists() and mark.is_file() and mark.read_text() == stamp:
        return program
    if subprocess.run([*PIP, "--version"], capture_output=True).returncode:
        raise SetupError("pip is missing. On Debian or Ubuntu: sudo apt-get install python3-pip")
    shutil.rmtree(TOOLS, ignore_errors=True)
    command = [*PIP, "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--target", str(TOOLS), "--requirement", str(locked)]
    with step("Fetching uv, which installs the rest"):
        # A `user = true` in pip.conf does not go with --target, and root means it.
        if subprocess.run(command, env={**os.environ, "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}).returncode:
            raise SetupError(UNREACHABLE)
    mark.write_text(stamp)
    return program


@cache
def digest(level: str) -> str:
    sums = hashlib.sha256(sys.version.encode())
    for name in (f"requirements/{level}.txt", "pyproject.toml"):
        sums.update((ROOT / name).read_bytes())
    return sums.hexdigest()


def same_python() -> bool:
    asked = [str(PYTHON), "-c", "import sys; print(sys.version)"]
    done = subprocess.run(asked, capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == sys.version.strip()


def run(command: list[str], advice: str = "The set-up stopped; the reason stands above.") -> None:
    if subprocess.run(command, cwd=ROOT, env=registry_settings()).returncode:
        raise SetupError(advice)


# ---------------------------------------------------------------- where packages come from


def registry_settings_if_needed() -> dict[str, str]:
    """Asking pip takes a while; the front end needs the answer only when it has packages to fetch."""
    return dict(os.environ) if (ROOT / "frontend/node_modules/.samspel-stamp").is_file() else registry_settings()


@cache
def registry_settings() -> dict[str, str]:
    """The environment with pip's own settings handed on to uv, where uv has none of its own."""
    asked = [*PIP, "config", "list"]
    listed = subprocess.run(asked, capture_output=True, text=True).stdout
    environment = dict(os.environ)
    environment.update({"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "" if sys.stderr.isatty() else "1"})
    for name, value in translated(listed).items():
        environment.setdefault(name, value)
    if "UV_INDEX" in environment:
        # As pip does: the best version of all places. The hashes say whether it is ours.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if DEBIAN_CERTIFICATES.exists():
        environment.setdefault("SSL_CERT_FILE", str(DEBIAN_CERTIFICATES))
    if not os.access(Path.home(), os.W_OK):
        environment.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
        environment.setdefault("npm_config_cache", str(CACHE / "npm"))
    return environment


def translated(listed: str) -> dict[str, str]:
    """`pip config list` (global.index-url='…', install.…, :env:.…) as uv's variables; later lines win, as in pip."""
    found: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, quoted = line.partition("=")
        name = UV_NAMES.get(key.rpartition(".")[2].replace("_", "-"))
        values = [value for value in quoted.strip().strip("'\"").split() if is_there(value)]
        if name and values:
            found[name] = ("," if name in COMMA_SEPARATED else " ").join(values)
    return found


def is_there(value: str) -> bool:
    """pip passes over folders that do not exist; uv stops at them."""
    path = value.removeprefix("file://")
    return not path.startswith("/") or Path(path).exists()


# ---------------------------------------------------------------- browser


def see_to_browser() -> None:
    """As root what is missing is installed; otherwise it is named, and tests that need it say they did not run."""
    if chromium() and has_libatomic():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Installing Chromium for the browser tests"):
            apt_get("libatomic1", *([] if chromium() else ["chromium"]))
    if not (chromium() and has_libatomic()):
        print(
            "A browser is missing: its tests will not run. To have them: sudo apt-get install chromium libatomic1 "
            "(or set SAMSPEL_CHROMIUM to the one you have), then run this again.",
            flush=True,
        )


def see_to_servers() -> None:
    """In CI, as root: the proxy and the bus that some tests put before us. Debian starts them as services, so on a
    person's machine nothing is installed; what is not there is named by the tests as not run."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [package for program, package in SERVERS.items() if shutil.which(program, path=path) is None]
    if missing and os.environ.get("CI") == "true" and os.geteuid() == 0 and shutil.which("apt-get"):
        with step(f"Installing {' and '.join(missing)} for the tests of many processes"):
            apt_get(*missing)


# ---------------------------------------------------------------- cluster


def see_to_cluster() -> None:
    """Spark in an environment of its own, where there is a Java to run it; otherwise what is missing is named."""
    if shutil.which("java") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Installing Java for the test that counts on a cluster"):
            apt_get("openjdk-17-jre-headless")
    if shutil.which("java") is None:
        print(
            "Java is missing: the test that counts on a cluster will not run. To have it: "
            "sudo apt-get install openjdk-17-jre-headless, then run this again.",
            flush=True,
        )
        return
    locked, mark = ROOT / "requirements" / "cluster.txt", CLUSTER / ".samspel-stamp"
    stamp = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    if mark.is_file() and mark.read_text() == stamp:
        return
    python = str(CLUSTER / "bin" / "python")
    with step("Installing Spark for the test that counts on a cluster"):
        run([str(uv()), "venv", "--quiet", "--clear", "--python", sys.executable, str(CLUSTER)])
        sync = ["pip", "sync", "--quiet", "--require-hashes", "--build-constraints", str(locked), "--python", python]
        run([str(uv()), *sync, str(locked)], advice=UNREACHABLE)
    mark.write_text(stamp)


# ---------------------------------------------------------------- what Debian has


def apt_get(*packages: str) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *command], env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            break


def chromium() -> str | None:
    return os.environ.get("SAMSPEL_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def has_libatomic() -> bool:
    """What drives the browser needs it, and a bare Debian has none."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
