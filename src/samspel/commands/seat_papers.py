"""What ``samspel seat`` prints: a card for each table, and the room with where everybody sits."""

from collections.abc import Iterable
from typing import Final

from samspel.dialogues.documents.render import render_pdf
from samspel.engine.seating import Problem, Solution

__all__ = ["cards_pdf", "room_pdf"]

# Commands run without a site, and so without its translations.
LABELS: Final[dict[str, dict[str, str]]] = {
    "sv": {
        "table": "Bord",
        "round": "Runda",
        "room": "Rummet",
        "who": "Var sitter jag?",
        "person": "Namn",
        "ring": "Kraftig ring: tillgängligt bord, eller bord med tolk.",
    },
    "da": {
        "table": "Bord",
        "round": "Runde",
        "room": "Rummet",
        "who": "Hvor sidder jeg?",
        "person": "Navn",
        "ring": "Kraftig ring: tilgængeligt bord, eller bord med tolk.",
    },
    "en": {
        "table": "Table",
        "round": "Round",
        "room": "The room",
        "who": "Where do I sit?",
        "person": "Name",
        "ring": "Thick ring: an accessible table, or one with an interpreter.",
    },
}


def cards_pdf(problem: Problem, solution: Solution, *, title: str, language: str) -> bytes:
    """A page for each table where somebody sits: its name, to be read from afar, and its people round by round."""
    tables = []
    for table in problem.tables:
        rounds = [solution.at(number).get(table.id, ()) for number in range(len(solution.rounds))]
        if any(rounds):
            tables.append({"name": table.id, "rounds": [sorted(people) for people in rounds]})
    return render_pdf("seats", _about(title, language) | {"tables": tables})


def room_pdf(problem: Problem, solution: Solution, *, title: str, language: str) -> bytes:
    """The tables as circles in the order of the list, with how many sit there; then everybody with her tables."""
    sizes = [{table: len(people) for table, people in solution.at(n).items()} for n in range(len(solution.rounds))]
    offering = [bool(table.offers) for table in problem.tables]
    tables = [
        {
            "name": table.id,
            "sizes": _once(size.get(table.id, 0) for size in sizes),
            "offers": offers and not all(offering),
        }
        for table, offers in zip(problem.tables, offering, strict=True)
    ]
    people = [
        {"name": person.id, "tables": [tables_of.get(person.id, "–") for tables_of in solution.rounds]}
        for person in sorted(problem.people, key=lambda person: person.id.casefold())
    ]
    return render_pdf("room", _about(title, language) | {"tables": tables, "people": people})


def _about(title: str, language: str) -> dict[str, object]:
    return {"title": title, "language": language, "footer": title, "labels": LABELS[language]}


def _once(sizes: Iterable[int]) -> str:
    """The sizes of a table over the rounds, said once when they are all the same."""
    said = [str(size) for size in sizes]
    return said[0] if len(set(said)) == 1 else " · ".join(said)
