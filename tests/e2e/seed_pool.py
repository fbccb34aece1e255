"""Two thousand needs and offers of others, and a bridge-builder. Prints what the tests need as JSON.

The others' words are those of the labelled pairs (benchmarks/engine/help-posts.tsv), which nobody wrote for this: each
is said in three parts of the town, half of the needs by somebody who also gives.
"""

import csv
import json
from datetime import timedelta
from pathlib import Path

import django

POSTS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "engine" / "help-posts.tsv"
AREAS = ("Norr", "Söder", "Centrum")
# What people would choose themselves, by the kind of help that the words speak of.
CATEGORY = {
    "driving": "carry/drive",
    "moving": "carry/move",
    "work": "work/placement",
    "mathematics": "learn/homework",
    "homework": "learn/homework",
    "language": "learn/language",
    "computers": "learn/computer",
    "forms": "learn/letter",
    "bicycle": "mend/bicycle",
    "garden": "mend/garden",
    "snow": "mend/garden",
    "sewing": "mend/clothes",
    "premises": "place/room",
    "lending": "place/tool",
    "company": "company/walk",
    "music": "company/culture",
    "cooking": "company/food",
}


def main() -> None:
    django.setup()
    from django.utils.timezone import now

    from samspel.core.lexicon import shipped_kinds_of_help
    from samspel.encounters.models import Area
    from samspel.engine import candidates
    from samspel.engine.candidates.reading import Reader
    from samspel.exchange.models import Category, Party, Post
    from samspel.people.models import Person, Role, Unit

    at = now()
    broker = Person(name="Britta Ås", email="britta.as@lindvik.example")
    broker.set_password("en lång mening med hästar")
    broker.save()
    Role.objects.create(person=broker, unit=Unit.objects.get(name="Vägledningscentrum"), kind="broker")
    areas = [Area.objects.create(key=f"exchange-{name}", name=name, position=20) for name in AREAS]
    kinds = {one.key: one for one in Category.objects.all()}
    lexicon = shipped_kinds_of_help()
    with POSTS.open(encoding="utf-8", newline="") as lines:
        said = list(csv.DictReader(lines, delimiter="\t"))
    reader = Reader(candidates.Problem((), lexicon))

    def category_of(row: dict[str, str]) -> Category:
        found = reader.read(candidates.Post("", "need", "", row["title"], row["text"])).kinds
        best = max(found, key=lambda each: each[1], default=None)
        return kinds[CATEGORY.get(lexicon.themes[best[0]].id if best else "", "together")]

    chosen = {row["id"]: category_of(row) for row in said}
    needs = [row for row in said if row["kind"] == "need"]
    offers = [row for row in said if row["kind"] == "offer"]
    posts = []
    for place, area in enumerate(areas):
        both = {needs[number]["id"]: offers[(number * 7 + place) % len(offers)] for number in range(0, len(needs), 2)}
        taken = {row["id"] for row in both.values()}
        groups = [[row, both[row["id"]]] if row["id"] in both else [row] for row in needs]
        groups += [[row] for row in offers if row["id"] not in taken]
        since = [at - timedelta(days=1 + number % 60) for number in range(len(groups))]
        parties = Party.objects.bulk_create(
            Party(called=f"Granne {place}-{number}", code=f"{place} {number}".encode(), is_adult=True, created_at=begun)
            for number, begun in enumerate(since)
        )
        posts += [
            Post(
                party=party,
                kind=row["kind"],
                words=row["title"],
                more=row["text"][:300],
                category=chosen[row["id"]],
                area=area,
                key=f"e2e-{place}-{row['id']}-pool-of-others",
                posted_at=begun,
                expires_at=begun + timedelta(days=90),
                read_at=begun,
                consented_at=begun,
                consented_to=b"",
            )
            for party, begun, group in zip(parties, since, groups, strict=True)
            for row in group
        ]
    Post.objects.bulk_create(posts, batch_size=500)
    print(json.dumps({"broker": broker.email, "posts": len(posts), "area": areas[2].name}))


if __name__ == "__main__":
    main()
