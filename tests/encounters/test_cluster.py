"""The same figures on DuckDB and on an Apache Spark of one master and two workers, to the last digit."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pytest_django import Settings

from samspel.encounters import store, writing
from tests.encounters import count
from tests.loss.house import installation

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / ".cache" / "cluster" / "bin" / "python"
SPARK = "org.apache.spark.deploy"
ROWS = 20_000
# Soon up, which counts for more here than being fast for long.
LIGHT = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"


def made_up(rows: int, first: date, days: int, seed: int = 5) -> pa.Table:
    """Answers of everything that figures look at: both sides, pairs, unknown groups, factors, words, play."""
    rng = np.random.default_rng(seed)

    def some(*values: object) -> list[object]:
        return [values[place] for place in rng.integers(len(values), size=rows)]

    on = [first + timedelta(days=int(day)) for day in rng.integers(days, size=rows)]
    at = [datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC) for day in on]
    columns: dict[str, list[object]] = {
        "municipality": ["own"] * rows,
        "day": list(on),
        "at": list(at),
        "received_at": list(at),
        "unit": some(1, 2, 3, 4),
        "service": some(1, 2, None),
        "provider": some(7, None),
        "area": some(1, 12, None),
        "point": some(5, None),
        "channel": some("visit", "phone", ""),
        "language": some("sv", "ar", "so", ""),
        "age_band": some("0-15", "65-", ""),
        "side": some("resident", "resident", "staff"),
        "level": some(1, 2, 3, 3),
        "is_no_meeting": some(True, False, False),
        "helped": some([], ["time"], ["time", "calm"]),
        "hindered": some([], [], ["waiting"]),
        "text": some("", "", "Hon sa ”nej”\när jag frågade", "å ä ö; 🙂"),
        "other_level": some(None, None, 1, 2, 3),
        "aside": some("", "", "", "play", "withdrawn"),
        "key": [f"{seed}-{row}" for row in range(rows)],
    }
    return pa.table(columns, schema=writing.SCHEMA)


def a_store(settings: Settings, var: Path) -> None:
    settings.ENCOUNTERS = var / "encounters"
    first = date(2026, 2, 1)
    parts = [
        writing.write("month=2026-02", 1, made_up(ROWS, first, 28)),
        writing.write("day=2026-03-01", 1, made_up(500, date(2026, 3, 1), 1, seed=6)),
        writing.write("open", 0, made_up(2_000, date(2026, 3, 2), 30, seed=7)),
    ]
    store.publish(store.Manifest(0, tuple(new.part for new in parts if new)))


class Cluster:
    """A standalone Spark on this machine, small: one master and two workers of a core each."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.port = free_port()
        self.environment = os.environ | {
            "SPARK_CONF_DIR": str(folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_WORKER_DIR": str(folder / "work"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": LIGHT,
            "PYSPARK_PYTHON": str(CLUSTER),
            "SPARK_HOME": subprocess.run(
                [str(CLUSTER), "-c", "import pyspark; print(pyspark.__path__[0])"], capture_output=True, text=True
            ).stdout.strip(),
        }
        (folder / "spark-defaults.conf").write_text(
            "spark.driver.host 127.0.0.1\nspark.ui.enabled false\nspark.executor.memory 512m\nspark.cores.max 2\n"
            "spark.executor.cores 1\nspark.driver.memory 512m\n"
            f"spark.driver.extraJavaOptions {LIGHT}\nspark.executor.extraJavaOptions {LIGHT}\n"
            "spark.sql.shuffle.partitions 4\n"
        )
        (folder / "log4j2.properties").write_text(
            "rootLogger.level = warn\nrootLogger.appenderRef.c.ref = c\n"
            "appender.c.type = Console\nappender.c.name = c\nappender.c.target = SYSTEM_ERR\n"
            "appender.c.layout.type = PatternLayout\nlogger.m.name = org.apache.spark.deploy.master.Master\n"
            "logger.m.level = info\n"
        )

    @property
    def url(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._run("master.Master", "--host", "127.0.0.1", "--port", str(self.port), "--webui-port", "0")
        for _ in range(2):
            self._run("worker.Worker", "--cores", "1", "--memory", "700m", "--webui-port", "0", self.url)
        self._wait_for("Registering worker", times=2)

    def _run(self, name: str, *arguments: str) -> None:
        command = [f"{self.environment['SPARK_HOME']}/bin/spark-class", f"{SPARK}.{name}", *arguments]
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))

    def _wait_for(self, words: str, *, times: int) -> None:
        deadline = time.monotonic() + 300
        log = self.folder / "0.log"
        while log.read_text(errors="replace").count(words) < times:
            assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
            assert all(process.poll() is None for process in self.processes), log.read_text(errors="replace")[-3000:]
            time.sleep(0.2)

    def applications(self) -> set[str]:
        """Those for which its workers have counted."""
        return {path.name for path in (self.folder / "work").glob("app-*")}

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("spark"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def counted(python: str, var: Path, environment: dict[str, str]) -> dict[str, object]:
    environment = environment | {
        "DJANGO_SETTINGS_MODULE": "samspel.config.settings",
        "PYTHONPATH": str(ROOT / "src"),
        "SAMSPEL_VAR": str(var),
    }
    script = str(Path(__file__).with_name("count.py"))
    done = subprocess.run([python, script], env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_cluster_is_asked_for_every_figure_there_is() -> None:
    assert set(count.ASKED) == count.figures_there_are()


@pytest.mark.cluster
@pytest.mark.slow
def test_every_figure_is_the_same_on_a_cluster(cluster: Cluster, settings: Settings, tmp_path: Path) -> None:
    a_store(settings, tmp_path / "var")

    here = counted(sys.executable, tmp_path / "var", dict(os.environ))
    there = counted(str(CLUSTER), tmp_path / "var", cluster.environment | {"SAMSPEL_FIGURES_ENGINE": cluster.url})

    assert here.keys() == there.keys()
    assert {name for name in here if here[name] != there[name]} == set()
    assert sum(1 for rows in here.values() if rows) > 25
    assert cluster.applications()  # its workers did the counting


@pytest.mark.cluster
@pytest.mark.slow
def test_an_import_has_its_sums_from_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    """Held against the answers by DuckDB, in another process."""
    before = cluster.applications()
    factors = ["", "time", "time|waiting"]
    lines = [
        f"2025-{month:02}-{1 + n % 28:02} 10:{n % 60:02},Lindvik,resident,{1 + n % 3},{factors[n % 3]}"
        for month in (3, 4)
        for n in range(200)
    ]
    file = tmp_path / "answers.csv"
    file.write_text("\n".join(["at,unit,side,level,factors", *lines, ""]))
    with installation(tmp_path / "house") as house:
        there = {name: value for name, value in cluster.environment.items() if name.startswith(("SPARK_", "PYSPARK_"))}
        environment = (
            house.environment
            | there
            | {
                "SAMSPEL_FIGURES_ENGINE": cluster.url,
                "SAMSPEL_DATABASE_URL": house.server.url,
            }
        )
        command = [str(CLUSTER), "-m", "samspel.cli", "import", "encounters", str(file)]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (done.stdout, done.stderr[-3000:])
        new = cluster.applications() - before

        assert "400" in done.stdout
        house.run("-m", "samspel.cli", "check")
        assert new
