"""What a unit's picture says of what was counted."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import translation

from samspel.encounters.compute_signals import Found
from samspel.encounters.disclosing import HIDDEN, Figure
from samspel.encounters.models import Side
from samspel.encounters.unit_facts import Deed, Factors, Facts, Mentions, Pairs, Word, counted_from
from samspel.encounters.unit_picture import picture_of
from samspel.encounters.weeks import WEEKS, Week
from samspel.engine.inference import Interval

FIRST = date(2025, 11, 24)  # week 48
SINCE = FIRST + timedelta(weeks=13)
FEWER = Found(
    signal_id=1,
    side=Side.RESIDENT,
    since=SINCE,
    earliest=SINCE,
    latest=SINCE,
    seen=SINCE + timedelta(weeks=3),
    before=Interval(0.8, 0.77, 0.83, 0.95),
    after=Interval(0.68, 0.61, 0.74, 0.95),
    gap=Interval(-0.12, -0.19, -0.05, 0.95),
    n_before=910,
    n_after=210,
)


@pytest.fixture(autouse=True)
def in_swedish() -> None:
    translation.activate("sv")


def weeks(*figures: Figure) -> list[Week]:
    return [Week(FIRST + timedelta(weeks=number), figure) for number, figure in enumerate(figures)]


def facts(them: Figure = HIDDEN, us: Figure = HIDDEN, **values: object) -> Facts:
    both = {Side.RESIDENT: weeks(*[them] * WEEKS), Side.STAFF: weeks(*[us] * WEEKS)}
    return replace(Facts(both, date(2025, 9, 1), least=5), **values)  # type: ignore[arg-type]


def test_a_change_says_since_when_which_way_how_sure_and_on_how_many_answers() -> None:
    picture = picture_of(facts(Figure(50, 40), Figure(50, 41), changes=[FEWER]))

    assert picture.changed.title == "Ja. Sedan vecka 9 säger färre besökare att mötet var bra."
    assert picture.caption.startswith("Bandet är osäkerheten: 68 är troligen mellan 61 och 74, av 210 svar.")
    assert "80 av 100 till vecka 9, sedan 68" in picture.describes


def test_a_change_for_the_better_of_those_who_work_there() -> None:
    better = replace(
        FEWER, side=Side.STAFF, before=FEWER.after, after=FEWER.before, gap=Interval(0.12, 0.05, 0.19, 0.95)
    )

    assert picture_of(facts(changes=[better])).changed.title == (
        "Ja. Sedan vecka 9 säger vi som tog emot oftare att mötet var bra."
    )


def test_a_change_against_all_others_is_not_told_as_more_or_fewer_where_the_own_share_went_the_other_way() -> None:
    behind = replace(FEWER, before=FEWER.after, after=FEWER.before)

    assert (
        picture_of(facts(changes=[behind])).changed.title == "Ja. Sedan vecka 9 går det annorlunda för er än för andra."
    )


def test_no_change_says_what_would_have_been_seen() -> None:
    changed = picture_of(facts(Figure(100, 80))).changed

    assert changed.title == "Nej, inte så att det syns."
    assert changed.words == "En skillnad på 9 av 100 eller mer hade vi troligen sett."


def test_fewer_answers_would_have_shown_less() -> None:
    assert picture_of(facts(Figure(10, 8))).changed.words == (
        "En skillnad på 29 av 100 eller mer hade vi troligen sett."
    )


def test_few_weeks_cannot_tell_yet_and_say_when_they_can() -> None:
    begun = facts()
    begun.weeks[Side.RESIDENT][-2:] = [Week(week.monday, Figure(40, 30)) for week in begun.weeks[Side.RESIDENT][-2:]]  # type: ignore[index]

    changed = picture_of(begun).changed

    assert changed.title == "Det går inte att säga än."
    assert changed.words.startswith("Vecka 20 kan vi se en skillnad på ")
    assert changed.words.endswith("En mindre skillnad hinner vi inte se.")


def test_without_answers_nothing_can_be_told() -> None:
    picture = picture_of(facts())

    assert picture.changed.title == picture.alike.title == picture.why.title == "Det går inte att säga än."
    assert picture.caption == "Veckor med färre än fem svar visas inte. Där står det .."
    assert picture.alike_between is None
    assert picture.steadied == ""


def test_what_is_too_few_is_told_as_the_municipality_has_decided() -> None:
    picture = picture_of(facts(least=8))

    assert picture.caption.startswith("Veckor med färre än åtta svar ")
    assert picture.changed.words == "Det behövs veckor med minst åtta svar från besökare."
    assert picture.why.words == "Det behövs minst åtta svar."


@pytest.mark.parametrize(
    ("alike", "title"),
    [
        (61, "Ofta. Lika svar i 61 av 86 möten."),
        (43, "Ibland. Lika svar i 43 av 86 möten."),
        (12, "Sällan. Lika svar i 12 av 86 möten."),
    ],
)
def test_agreement_says_often_only_when_it_is_sure(alike: int, title: str) -> None:
    picture = picture_of(facts(pairs=Pairs(86, alike, 74 - alike, 12)))

    assert picture.alike.title == title
    assert [part.count for part in picture.parts] == [alike, 74 - alike, 12]


def test_agreement_between_limits_is_wilsons() -> None:
    between = picture_of(facts(pairs=Pairs(86, 61, 18, 7))).alike_between

    assert between is not None
    assert (between.percent, between.low, between.high) == (71, 61, 79)


def test_agreement_reckons_with_what_is_hidden() -> None:
    many = picture_of(facts(pairs=Pairs(200, 150, 50, None, hidden=4)))
    few = picture_of(facts(pairs=Pairs(12, 12, None, None, hidden=8)))

    assert many.alike.title == "Ofta. Lika svar i 150 av ungefär 200 möten."
    assert many.alike_between is not None
    assert many.alike_between.low == 67
    assert few.alike.title == "Det går inte att säga än."


def mentions(*counts: int | None) -> list[Mentions]:
    names = ("Väntan", "Regler", "Tid")
    return [Mentions(name, count, None) for name, count in zip(names, counts, strict=False)]


def test_what_is_named_most_stands_in_the_heading() -> None:
    hindered = [Mentions("Väntan", 24, 6), Mentions("Regler", 6, 19), Mentions("Tid", 5, 8)]

    picture = picture_of(facts(factors=Factors(100, 100, (), hindered)))

    assert picture.why.title == "Besökarna nämner väntan. Vi nämner regler."
    assert [row.them.between.percent for row in picture.hindered if row.them] == [24, 6, 5]


def test_what_chance_could_turn_around_is_named_together_and_three_alike_are_not_named() -> None:
    two = picture_of(facts(factors=Factors(100, None, (), mentions(24, 20, 5))))
    three = picture_of(facts(factors=Factors(100, None, (), mentions(24, 20, 22))))
    alike = picture_of(facts(factors=Factors(100, 100, (), [Mentions("Väntan", 24, 30)])))

    assert two.why.title == "Besökarna nämner väntan och regler."
    assert three.why.title == "Ingenting sticker ut."
    assert alike.why.title == "Båda sidor nämner väntan."


def test_a_hidden_factor_has_no_bar() -> None:
    [row] = picture_of(facts(factors=Factors(100, 100, [Mentions("Språk", 4, None)], ()))).helped

    assert row.them is not None
    assert row.them.between.percent == 4
    assert row.us is None


def deed_told(weeks_ago: int) -> Deed:
    return Deed("Vi har satt upp en tavla.", FIRST + timedelta(weeks=WEEKS - weeks_ago, days=-3))


def test_what_we_did_cannot_be_told_of_before_its_weeks_have_gone() -> None:
    tried = picture_of(facts(Figure(50, 40), deed=deed_told(2))).tried

    assert tried is not None
    assert tried.title == "Det går inte att säga än."
    assert tried.words.startswith("Två veckor av fyra har gått. Vecka 15 kan vi se en skillnad på ")


@pytest.mark.parametrize(
    ("after", "title"),
    [
        (48, "Ja. Fler säger att mötet var bra."),
        (30, "Nej. Färre säger att mötet var bra."),
        (40, "Det syns ingen skillnad."),
    ],
)
def test_what_we_did_is_looked_at_once(after: int, title: str) -> None:
    known = facts(deed=deed_told(4))
    them = weeks(*[Figure(50, 40)] * (WEEKS - 4), *[Figure(50, after)] * 4)

    tried = picture_of(replace(known, weeks={**known.weeks, Side.RESIDENT: them})).tried

    assert tried is not None
    assert tried.title == title


def test_what_we_did_without_answers_before_or_after_is_not_told_of() -> None:
    none = picture_of(facts(deed=deed_told(4))).tried
    known = facts(deed=deed_told(5))
    only_before = weeks(*[Figure(50, 40)] * (WEEKS - 6), *[HIDDEN] * 6)
    before = picture_of(replace(known, weeks={**known.weeks, Side.RESIDENT: only_before})).tried

    assert none is not None
    assert before is not None
    assert (none.words, before.words) == (
        "Det finns för få svar från tiden innan.",
        "Det finns för få svar från tiden efter.",
    )


def test_a_small_unit_is_steadied_by_its_service_and_a_large_one_is_not() -> None:
    peers = [(160, 200), (150, 200), (170, 200), (158, 200)]

    small = picture_of(facts(Figure(5, 2), peers=peers)).steadied
    large = picture_of(facts(Figure(50, 40), peers=peers)).steadied
    alone = picture_of(facts(Figure(5, 2), peers=peers[:2])).steadied

    assert small.startswith("Ni har få svar.")
    assert (large, alone) == ("", "")


def test_words_are_told_as_they_were_let_out() -> None:
    words = [Word("väntade", 31, 1), Word("lugnt", 24, 2)]

    picture = picture_of(facts(words=words, texts=84))

    assert picture.words == tuple(words)
    assert picture.texts == 84


def test_the_day_that_is_counted_from_stays_put_and_lies_some_weeks_back() -> None:
    assert counted_from(date(2026, 11, 22)) == date(2026, 9, 1)
    assert counted_from(date(2026, 10, 20)) == date(2026, 5, 1)
    assert counted_from(date(2026, 2, 1)) == date(2025, 9, 1)
