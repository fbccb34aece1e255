"""Why an offer could meet a need, in words that both could read."""

from collections.abc import Iterator

from samspel.engine.records import Description
from samspel.engine.themes import Language

from .reading import Read, Reader
from .records import Candidates, Post, Problem

__all__ = ["reasons"]

_MOST_WORDS = 4


def reasons(
    problem: Problem, candidates: Candidates, pair: int, *, language: Language = "en"
) -> tuple[Description, ...]:
    """What speaks for the pair, the strongest first, and what it needs.

    Kinds and their numbers: `words` (words, as the need writes them) · `kind` (kind) · `category` (category) ·
    `area` (area) · `elsewhere` (offer, need: areas) · `time` (days that both have) · `requires` (what, of whom: offer
    or need) · `language` (language).

    :param language: of the names of kinds of help.
    """
    reader = Reader(problem)
    offer, need = problem.posts[candidates.offers[pair]], problem.posts[candidates.needs[pair]]
    return tuple(_reasons(problem, offer, need, reader.read(offer), reader.read(need), language))


def _reasons(
    problem: Problem, offer: Post, need: Post, offered: Read, needed: Read, language: Language
) -> Iterator[Description]:
    if words := needed.shared_with(offered)[:_MOST_WORDS]:
        told = ", ".join(words)
        yield Description("words", {"words": told}, f"Both write of {told}.")
    theirs = dict(offered.kinds)
    shared = sorted((-weight * theirs[kind], kind) for kind, weight in needed.kinds if kind in theirs)
    if shared:
        theme = problem.lexicon.themes[shared[0][1]]
        name = theme.names.get(language, theme.id)
        yield Description("kind", {"kind": name}, f"Both are about {name[:1].lower()}{name[1:]}.")
    if need.category and need.category == offer.category:
        yield Description("category", {"category": need.category}, f"Both are in the category {need.category}.")
    if need.area and offer.area:
        if need.area == offer.area:
            yield Description("area", {"area": need.area}, f"Both are in {need.area}.")
        else:
            areas = {"offer": offer.area, "need": need.area}
            yield Description("elsewhere", areas, f"The offer is in {offer.area}, the need in {need.area}.")
    begins = [day for day in (offer.begins, need.begins) if day is not None]
    ends = [day for day in (offer.ends, need.ends) if day is not None]
    if begins and ends:
        days = min(ends) - max(begins) + 1
        yield Description("time", {"days": days}, f"Both can on {days} {'day' if days == 1 else 'days'}.")
    for asked, asks in (("offer", need.requires), ("need", offer.requires)):
        for what in sorted(asks):
            text = f"The {asked} has what the other requires: {what}."
            yield Description("requires", {"what": what, "of": asked}, text)
    if spoken := sorted(need.languages & offer.languages):
        yield Description("language", {"language": spoken[0]}, f"Both speak {spoken[0]}.")
