"""Texts to translate: Swedish in the code, Danish and English in each app's locale/<language>/LC_MESSAGES/django.po.

    python scripts/messages.py update     collect the texts; translations that are still asked for stay
    python scripts/messages.py check      say what is missing, out of date or wrong, by text and file
    python scripts/messages.py compile    make the .mo files that the running program reads

Babel does the work, so that no gettext program has to be on the machine. Swedish is the source and has no catalogue.
The files carry no dates and no line numbers: they change only when a text does.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "samspel"
LANGUAGES = ("da", "en")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"(?<!\w)(?:n?p?gettext|_)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})*\s*(?:,\s*count\s*)?\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
# The first lines of every catalogue; Babel's own would carry dates.
VOLATILE = re.compile(
    r'^"(Project-Id-Version|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|Report-Msgid)'
    r".*\n",
    re.M,
)

Key = tuple[str, str | None]  # singular text, context


@dataclass
class Text:
    """One text as the sources have it."""

    singular: str
    plural: str | None
    context: str | None
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return self.singular, self.context

    @property
    def id(self) -> str | tuple[str, str]:
        return self.singular if self.plural is None else (self.singular, self.plural)


def main() -> int:
    parser = argparse.ArgumentParser(description="Collect, check or compile the translations.")
    parser.add_argument("command", choices=["update", "check", "compile"])
    command = parser.parse_args().command
    if command == "compile":
        compile_all()
        return 0
    wanted = collect()
    if command == "update":
        update(wanted)
        return 0
    problems = list(check(wanted))
    for problem in problems:
        print(problem)
    print(
        f"{len(problems)} problems with translations; `make messages` collects new texts."
        if problems
        else "Translations are complete."
    )
    return 1 if problems else 0


# ---------------------------------------------------------------- collecting


def collect() -> dict[str, dict[Key, Text]]:
    """App → its texts. What stands outside the apps is translated in core."""
    apps = sorted(path.parent.name for path in SOURCE.glob("*/apps.py"))
    wanted: dict[str, dict[Key, Text]] = {app: {} for app in apps}
    for path in sorted(SOURCE.rglob("*")):
        inside = path.relative_to(SOURCE)
        if not path.is_file() or {"migrations", "static", "locale"} & set(inside.parts):
            continue
        if path.suffix == ".py":
            source = path.read_text()
            source += calls_in_f_strings(source)
        elif "templates" in inside.parts:
            source = calls_in_template(path)
        else:
            continue
        app = inside.parts[0] if inside.parts[0] in wanted else "core"
        add(wanted.setdefault(app, {}), source, path.relative_to(ROOT).as_posix())
    return wanted


def calls_in_f_strings(source: str) -> str:
    """What stands in the braces of f-strings, a line each: until Python 3.12 they are plain text to Babel."""
    return "".join(
        f"\n{ast.unparse(node.value)}" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FormattedValue)
    )


def calls_in_template(path: Path) -> str:
    """The template as a list of gettext calls; Django finds them, as its own makemessages does."""
    from django.utils.translation.template import templatize

    return "\n".join(match[0] for match in CALL.finditer(templatize(path.read_text(), origin=str(path))))


def add(texts: dict[Key, Text], source: str, file: str) -> None:
    for _, message, _, context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
        singular, plural = message if isinstance(message, tuple) else (message, None)
        if not singular:
            continue
        text = texts.setdefault((singular, context), Text(singular, plural, context))
        text.plural = text.plural or plural
        text.files.add(file)


# ---------------------------------------------------------------- catalogues


def po_file(app: str, language: str) -> Path:
    return SOURCE / app / "locale" / language / "LC_MESSAGES" / "django.po"


def read(path: Path, language: str) -> Catalog:
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(catalog: Catalog) -> Iterator[tuple[Key, Message]]:
    for message in catalog:
        if message.id:
            yield (message.id if isinstance(message.id, str) else message.id[0], message.context), message


def is_translated(message: Message) -> bool:
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
    return bool(strings) and all(strings)


def update(wanted: dict[str, dict[Key, Text]]) -> None:
    for language in LANGUAGES:
        old = {app: dict(messages(read(po_file(app, language), language))) for app in wanted}
        # A text that has moved, or is used in two apps, keeps its words.
        anywhere = {key: message for texts in old.values() for key, message in texts.items() if is_translated(message)}
        open_texts = gone = 0
        for app, texts in wanted.items():
            gone += len(set(old[app]) - set(texts))
            fresh = Catalog(locale=language, fuzzy=False)
            for key, text in sorted(texts.items(), key=lambda item: (item[0][0], item[0][1] or "")):
                had = old[app].get(key)
                had = had if had is not None and is_translated(had) else anywhere.get(key)
                same_form = had is not None and isinstance(had.id, tuple | list) == (text.plural is not None)
                string = had.string if had is not None and same_form else ""
                open_texts += not (had is not None and same_form and is_translated(had))
                comments = had.user_comments if had is not None else ()
                locations = [(file, 0) for file in sorted(text.files)]
                fresh.add(text.id, string or None, locations, context=text.context, user_comments=comments)
            write(po_file(app, language), fresh)
        print(f"{language}: {sum(map(len, wanted.values()))} texts, {open_texts} to translate, {gone} no longer used")


def write(path: Path, catalog: Catalog) -> None:
    if not len(catalog):
        path.unlink(missing_ok=True)
        return
    made = io.BytesIO()
    catalog.header_comment = "# Samspel: translated from Swedish. Collected by `make messages`."
    write_po(made, catalog, width=120, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(VOLATILE.sub("", made.getvalue().decode()))


def check(wanted: dict[str, dict[Key, Text]]) -> Iterator[str]:
    for language in LANGUAGES:
        words: dict[Key, tuple[object, str]] = {}
        for app, texts in wanted.items():
            path = po_file(app, language)
            name = path.relative_to(ROOT).as_posix()
            has = dict(messages(read(path, language)))
            for key, text in sorted(texts.items(), key=str):
                message = has.get(key)
                place = f"{name}: {text.singular!r} ({', '.join(sorted(text.files))})"
                if message is None:
                    yield f"{place} is not collected"
                elif message.fuzzy:
                    yield f"{place} is marked as unsure (fuzzy)"
                elif not is_translated(message):
                    yield f"{place} is not translated"
                else:
                    yield from (f"{place}: {wrong}" for wrong in differences(text, message))
                    elsewhere = words.setdefault(key, (message.string, name))
                    if elsewhere[0] != message.string:
                        yield f"{place} is translated otherwise in {elsewhere[1]}; only one of them would be shown"
            yield from (f"{name}: {key[0]!r} is no longer used" for key in sorted(set(has) - set(texts), key=str))


def differences(text: Text, message: Message) -> Iterator[str]:
    """Placeholders that the words lack or invent. A singular may say "one" instead of the number."""
    if text.plural is None:
        if not isinstance(message.string, str):
            yield "has plural forms, and the Swedish text has none"
        elif placeholders(message.string) != placeholders(text.singular):
            yield f"placeholders are not those of the Swedish text: {message.string!r}"
        return
    if isinstance(message.string, str):
        yield "lacks plural forms"
        return
    allowed = placeholders(text.singular) | placeholders(text.plural)
    for number, string in enumerate(message.string or ()):
        found = placeholders(string)
        if not found <= allowed or (number > 0 and found != placeholders(text.plural)):
            yield f"placeholders are not those of the Swedish text: {string!r}"


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def compile_all() -> None:
    for path in sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/django.po")):
        target = path.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        made = io.BytesIO()
        write_mo(made, read(path, path.parent.parent.name))
        target.write_bytes(made.getvalue())


if __name__ == "__main__":
    sys.exit(main())
