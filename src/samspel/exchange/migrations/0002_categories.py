"""The kinds of help to begin with; a municipality edits them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# key, sv, da, en, what is asked before it begins
KINDS = (
    ("carry", "Köra och bära", "Køre og bære", "Driving and carrying", "insurance"),
    ("carry/drive", "Köra någon", "Køre nogen", "Driving somebody", "insurance"),
    ("carry/fetch", "Hämta och lämna", "Hente og bringe", "Fetching and bringing", "insurance"),
    ("carry/move", "Flytta och lyfta", "Flytte og løfte", "Moving and lifting", "insurance"),
    ("mend", "Laga och bygga", "Reparere og bygge", "Mending and building", ""),
    ("mend/build", "Snickra och måla", "Snedkerere og male", "Carpentry and painting", "insurance"),
    ("mend/bicycle", "Cyklar och redskap", "Cykler og redskaber", "Bicycles and tools", ""),
    ("mend/clothes", "Sy och laga kläder", "Sy og reparere tøj", "Sewing and mending clothes", ""),
    ("mend/garden", "Trädgård och snö", "Have og sne", "Gardens and snow", ""),
    ("learn", "Språk och läxor", "Sprog og lektier", "Languages and homework", ""),
    ("learn/language", "Öva ett språk", "Øve et sprog", "Practising a language", ""),
    ("learn/homework", "Läxor och matte", "Lektier og matematik", "Homework and maths", ""),
    ("learn/computer", "Dator och telefon", "Computer og telefon", "Computers and phones", ""),
    ("learn/letter", "Läsa och skriva brev", "Læse og skrive breve", "Reading and writing letters", ""),
    ("place", "Lokal och saker", "Lokale og ting", "Rooms and things", ""),
    ("place/room", "Lokaler", "Lokaler", "Rooms and halls", "insurance"),
    ("place/tool", "Låna redskap", "Låne redskaber", "Lending tools", ""),
    ("place/thing", "Möbler och kläder", "Møbler og tøj", "Furniture and clothes", ""),
    ("place/vehicle", "Bil och släp", "Bil og trailer", "Cars and trailers", "insurance"),
    ("company", "Sällskap", "Selskab", "Company", ""),
    ("company/walk", "Promenad och rörelse", "Gåture og motion", "Walks and exercise", ""),
    ("company/visit", "Följa med någonstans", "Følges et sted hen", "Going somewhere together", ""),
    ("company/culture", "Musik, läsning, spel", "Musik, læsning, spil", "Music, reading, games", ""),
    ("company/food", "Mat och fest", "Mad og fest", "Food and parties", ""),
    ("work", "Arbete och praktik", "Arbejde og praktik", "Work and placements", "benefit insurance union"),
    ("work/placement", "Praktikplats", "Praktikplads", "Work placement", "benefit insurance union"),
    ("work/advice", "Råd om arbete", "Råd om arbejde", "Advice about work", ""),
    ("together", "Förening och grannskap", "Forening og naboskab", "Associations and neighbours", ""),
    ("together/board", "Styrelse och ekonomi", "Bestyrelse og økonomi", "Boards and accounts", ""),
    ("together/event", "Ordna en kväll", "Arrangere en aften", "Arranging an evening", ""),
)


def make_categories(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    category = apps.get_model("exchange", "Category")
    made = {}
    for position, (key, sv, da, en, checks) in enumerate(KINDS, start=1):
        made[key] = category.objects.create(
            key=key,
            parent=made.get(key.partition("/")[0]),
            name={"sv": sv, "da": da, "en": en},
            checks=checks.split(),
            position=position,
        )


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]

    operations = [migrations.RunPython(make_categories, migrations.RunPython.noop)]
