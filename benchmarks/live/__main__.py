"""Live delivery: one post to N phones, beside nginx + Nchan in the same run.

    python -m benchmarks.live --size hall     400 phones
    python -m benchmarks.live --size full     400 and 10,000 phones, one and two processes, a storm of posts (default)
    python -m benchmarks.live --smoke         40 phones, every result checked, no compiler needed

Our post is a durable commit through the real stack (uvicorn, Django, PostgreSQL, NOTIFY); Nchan's is in memory.
"last" is when the last phone has the post, "ack" when the sender has its answer. Runs alternate, medians are
printed; the client (fanload.c) shares the machine's cores with the servers, so compare within a run.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.live.settings"

from samspel.core.embedded_postgres import ensure_running, stop
from samspel.live.tickets import issue_ticket
from samspel.serve import raise_file_limit
from tests.live.house import ROOT, Phone, Site, environment_for, running

HERE = Path(__file__).resolve().parent
NCHAN_MODULES = [
    Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    Path("/usr/share/nginx/modules/ngx_nchan_module.so"),
]
BODY = '{"name":"note","audiences":["person"],"data":{"key":"{m}"}}'


@dataclass(frozen=True)
class Case:
    """What is measured: so many phones, so many server processes, and how posts come."""

    title: str
    phones: int
    processes: int
    posts: tuple[str, ...]
    repeats: int


CASES = {
    "hall": [
        Case("400 phones, one post at a time", 400, 1, ("--pubs", "50"), 3),
        Case("400 phones, 20 posts/s", 400, 1, ("--rate", "20", "--secs", "10", "--posters", "4"), 3),
    ],
    "full": [
        Case("400 phones, one post at a time", 400, 1, ("--pubs", "50"), 3),
        Case("400 phones, 20 posts/s", 400, 1, ("--rate", "20", "--secs", "10", "--posters", "4"), 3),
        Case("10,000 phones, one post at a time, 1 process", 10_000, 1, ("--pubs", "30"), 3),
        Case("10,000 phones, one post at a time, 2 processes", 10_000, 2, ("--pubs", "30"), 3),
        Case(
            "10,000 phones, a storm of 166 posts/s", 10_000, 1, ("--rate", "166", "--secs", "6", "--posters", "16"), 1
        ),
    ],
}


@dataclass(frozen=True)
class Figures:
    """One run, in milliseconds, seconds and kilobytes."""

    last_p50: float
    last_p95: float
    ack_p50: float
    ack_p95: float
    accepted_per_s: float
    reconnect_s: float
    kb_per_phone: float
    lost: int
    doubled: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", choices=["smoke", "hall", "full"], default="full")
    parser.add_argument("--smoke", action="store_true", help="the same as --size smoke")
    options = parser.parse_args()
    size = "smoke" if options.smoke else options.size
    raise_file_limit()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, size {size}")
    with tempfile.TemporaryDirectory(prefix="samspel-bench-") as folder, ExitStack() as stack:
        server = ensure_running(Path(folder) / "postgres")
        stack.callback(stop, server, even_if_used=True)
        # Tickets are signed here with the key that the servers read.
        command = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=environment_for(server.url), cwd=ROOT, check=True)
        if size == "smoke":
            return smoke(server.url)
        client = build_client(Path(folder))
        if client is None:
            print("not run: fanload.c needs a C compiler (apt-get install gcc libc6-dev)")
            return 0
        return measure(CASES[size], server.url, client, Path(folder))


# ---------------------------------------------------------------- smoke


def smoke(url: str) -> int:
    """40 phones in Python, 100 posts by 4 senders: nothing lost, nothing doubled, in order."""
    room, phones, senders, posts = "dialogue:1", 40, 4, 25
    acks_ms: list[float] = []
    heard: dict[int, list[int]] = {}

    def send(site: Site) -> None:
        for _ in range(posts):
            begin = time.perf_counter()
            site.post(room)
            acks_ms.append((time.perf_counter() - begin) * 1000)

    with running(url) as site:
        people = [Phone(site.port, room, issue_ticket(room, "person"), since=0).open() for _ in range(phones)]
        site.post(room)

        def listen(index: int) -> None:
            heard[index] = [event.number or 0 for event in people[index].collect(senders * posts + 1, within_s=60)]

        threads = [threading.Thread(target=listen, args=[index]) for index in range(phones)]
        threads += [threading.Thread(target=send, args=[site]) for _ in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for phone in people:
            phone.close()
    is_right = heard == {index: [*range(1, senders * posts + 2)] for index in range(phones)}
    print(f"{phones} phones, {senders * posts} posts: {'all heard once, in order' if is_right else 'WRONG'}")
    print(f"ack p50 {statistics.median(acks_ms):.1f} ms, p95 {statistics.quantiles(acks_ms, n=20)[-1]:.1f} ms")
    return 0 if is_right else 1


# ---------------------------------------------------------------- beside Nchan


def measure(cases: list[Case], url: str, client: Path, folder: Path) -> int:
    """Each case, ours and Nchan alternately; 1 when anything was lost or doubled."""
    nchan = nchan_module()
    if nchan is None:
        print("Nchan: not run (apt-get install nginx-light libnginx-mod-nchan)")
    wrong = 0
    print(
        f"{'':44} {'last p50/p95':>15} {'ack p50/p95':>15} {'posts/s':>8} {'again':>10} {'kB/phone':>9}  lost doubled"
    )
    for case in cases:
        ours: list[Figures] = []
        theirs: list[Figures] = []
        for _ in range(case.repeats):
            if nchan is not None:
                theirs.append(run_nchan(case, client, folder, nchan))
            ours.append(run_ours(case, url, client))
        show(f"{case.title}", middle(ours))
        if theirs:
            show("   Nchan", middle(theirs))
            print(f"   ours / Nchan, last p50: {middle(ours).last_p50 / middle(theirs).last_p50:.2f}", flush=True)
        wrong += sum(one.lost + one.doubled for one in ours)
    return 1 if wrong else 0


def show(title: str, one: Figures) -> None:
    print(
        f"{title:44} {one.last_p50:7.1f}/{one.last_p95:7.1f} {one.ack_p50:7.1f}/{one.ack_p95:7.1f}"
        f" {one.accepted_per_s:8.1f} {one.reconnect_s:8.2f} s {one.kb_per_phone:9.1f}  {one.lost} {one.doubled}",
        flush=True,
    )


def middle(runs: list[Figures]) -> Figures:
    """The median of each figure; losses and doubles are added up."""
    names = [name for name in Figures.__dataclass_fields__ if name not in {"lost", "doubled"}]
    medians = {name: statistics.median(getattr(run, name) for run in runs) for name in names}
    return Figures(**medians, lost=sum(run.lost for run in runs), doubled=sum(run.doubled for run in runs))


def run_ours(case: Case, url: str, client: Path) -> Figures:
    room = f"dialogue:{time.time_ns()}"
    ticket = issue_ticket(room, "person", hint="7", lasts_s=3_600)
    with running(url) as site, more_processes(site, case.processes - 1) as pids:
        one = Phone(site.port, room, ticket, since=0).open()
        site.post(room)
        one.until("note")
        one.close()
        base = f"http://127.0.0.1:{site.port}"
        return load(
            client, case, f"{base}/live/{room}?ticket={ticket}", f"{base}/say/{room}", pids,
            "--hello", "event: hello", "--body", BODY,
        )  # fmt: skip


@contextmanager
def more_processes(site: Site, count: int) -> Iterator[list[int]]:
    """Further processes on the site's socket; gives the numbers of all."""
    first = site.process
    more = []
    for _ in range(count):
        site.start()
        more.append(site.process)
    site.process = first
    try:
        wait_until_listening(site, count + 1)
        yield [first.pid, *(process.pid for process in more)]
    finally:
        for process in more:
            process.kill()
            process.wait()


def wait_until_listening(site: Site, processes: int) -> None:
    """Each process has told the presence table that it lives, or at least has had the time to start."""
    for _ in range(20 * processes):
        site.post("dialogue:0")


def run_nchan(case: Case, client: Path, folder: Path, module: Path) -> Figures:
    prefix = folder / f"nchan-{time.time_ns()}"
    prefix.mkdir()
    port = free_port()
    text = (HERE / "nchan.conf.in").read_text(encoding="utf-8")
    user = "root" if os.getuid() == 0 else "nobody"
    values = {"MODULE": module, "WORKERS": case.processes, "PREFIX": prefix, "PORT": port, "USER": user}
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    (prefix / "nginx.conf").write_text(text, encoding="utf-8")
    nginx = subprocess.Popen([nginx_program(), "-c", str(prefix / "nginx.conf"), "-p", str(prefix)])
    try:
        wait_for_port(port)
        children = Path(f"/proc/{nginx.pid}/task/{nginx.pid}/children").read_text().split()
        base = f"http://127.0.0.1:{port}"
        return load(client, case, f"{base}/sse", f"{base}/pub", [int(pid) for pid in children])
    finally:
        nginx.terminate()
        nginx.wait()


def load(client: Path, case: Case, sub: str, pub: str, pids: list[int], *more: str) -> Figures:
    """Run the client against a server and read its lines."""
    before = sum(memory_kb(pid) for pid in pids)
    command = [str(client), "--sub", sub, "--pub", pub, "-n", str(case.phones), "--hold", "1500", "--storms", "1"]
    process = subprocess.Popen([*command, *case.posts, *more], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    phases: dict[str, dict[str, float]] = {}
    kb = 0.0
    for line in process.stdout:
        said = json.loads(line)
        phases[said["phase"]] = said
        if said["phase"] == "connected":
            time.sleep(0.5)
            kb = (sum(memory_kb(pid) for pid in pids) - before) / case.phones
    process.wait()
    fanout, storm = phases["fanout"], phases["storm"]
    return Figures(
        fanout["last_p50"],
        fanout["last_p95"],
        fanout["ack_p50"],
        fanout["ack_p95"],
        fanout["acks_per_s"],
        storm["open"] / storm["per_s"],
        kb,
        int(fanout["expected"] - fanout["delivered"]),
        int(fanout["dups"]),
    )


def memory_kb(pid: int) -> int:
    """The process's own share of memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise OSError(f"no memory figures of process {pid}")


def build_client(folder: Path) -> Path | None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program = folder / "fanload"
    subprocess.run([compiler, "-O2", "-pthread", "-o", str(program), str(HERE / "fanload.c")], check=True)
    return program


def nginx_program() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


def nchan_module() -> Path | None:
    if not Path(nginx_program()).exists():
        return None
    return next((path for path in NCHAN_MODULES if path.exists()), None)


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    import socket

    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
