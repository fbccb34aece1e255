import json
import re
from pathlib import Path

import pytest

import bootstrap

LOCKS = [*sorted((bootstrap.ROOT / "requirements").glob("*.txt")), bootstrap.ROOT / "frontend" / "package-lock.json"]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_carries_no_address(path: Path) -> None:
    assert not re.search(r"://|\bfile:|--(extra-)?index-url|--find-links", path.read_text())


def test_every_locked_python_package_has_its_hashes() -> None:
    for path in LOCKS[:-1]:
        for entry in re.split(r"\n(?=\S)", path.read_text().strip()):
            assert "--hash=sha256:" in entry, f"{path.name}: {entry}"


def test_every_locked_npm_package_has_its_hash() -> None:
    packages = json.loads(LOCKS[-1].read_text())["packages"]

    without = [name for name, package in packages.items() if name and "integrity" not in package]

    assert without == []


def test_what_samspel_runs_on_is_the_same_with_and_without_the_tools() -> None:
    run, dev = ((bootstrap.ROOT / "requirements" / f"{name}.txt").read_text() for name in ("run", "dev"))

    pinned = re.findall(r"^([\w.-]+==[^\s;]+)", run, re.M)

    assert pinned
    assert [pin for pin in pinned if not re.search(rf"^{re.escape(pin)}\s", dev, re.M)] == []


def test_pip_settings_are_handed_on(tmp_path: Path) -> None:
    listed = (
        f"global.cert='{tmp_path}'\nglobal.index-url='https://one.example/simple'\n"
        "install.find-links='/nowhere'\n:env:.index-url='https://two.example/simple'\n"
        "global.extra-index-url='file:///nowhere https://three.example/simple'\nglobal.no-color='true'\n"
    )

    assert bootstrap.translated(listed) == {
        "SSL_CERT_FILE": str(tmp_path),
        "UV_DEFAULT_INDEX": "https://two.example/simple",
        "UV_INDEX": "https://three.example/simple",
    }
