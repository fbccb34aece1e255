"""Two more ready plans as rows: World Café, and the nominal group technique."""

from django.db import migrations

Words = dict[str, str]


def words(sv: str, da: str, en: str) -> Words:
    return {"sv": sv, "da": da, "en": en}


NO_WORDS: Words = {}
FRAME = words(
    "Välkommen: vad hände sedan sist?",
    "Velkommen: hvad er der sket siden sidst?",
    "Welcome: what happened since last time?",
)
SOLO = words("Själv", "Selv", "Alone")
SILENT = words("Själv: skriv i tysthet", "Selv: skriv i stilhed", "Alone: write in silence")
MOVE = words("Byt bord, värden sitter kvar", "Skift bord, værten bliver siddende", "Change tables, the host stays")
BALLOT = words("Tillsammans: välj i tysthet", "Sammen: vælg i stilhed", "Together: choose in silence")
AGREE = words("Kom överens: vem gör vad?", "Aftal: hvem gør hvad?", "Agree: who does what?")
CHECKOUT = words("Hur var det att vara med?", "Hvordan var det at være med?", "How was it to take part?")

WHY_FRAME = words(
    "Den som får veta vad det ledde till förra gången vågar säga något den här gången.",
    "Den, der hører, hvad det førte til sidst, tør sige noget denne gang.",
    "Those who hear what came of it last time dare to say something this time.",
)
WHY_AGREE = words(
    "En sak, en person och ett datum räcker. Mer blir sällan av.",
    "Én ting, én person og én dato er nok. Mere bliver sjældent til noget.",
    "One thing, one person and one date are enough. More is seldom done.",
)
WHY_CHECKOUT = words(
    "Ett tryck var. Nästa samtal blir bättre när ni vet hur det här kändes.",
    "Ét tryk hver. Næste samtale bliver bedre, når I ved, hvordan denne føltes.",
    "One tap each. The next dialogue gets better when you know how this one felt.",
)
WHY_CHOOSE_SILENT = words(
    "Var och en väljer för sig, så att ingen rättar sig efter den som talar högst.",
    "Hver vælger for sig, så ingen retter sig efter den, der taler højest.",
    "Everyone chooses alone, so that nobody follows the loudest voice.",
)
WHY_CAFE_MOVE = words(
    "Tre minuter räcker för att gå till sitt nya bord och hälsa. Den som är värd sitter kvar.",
    "Tre minutter er nok til at gå til sit nye bord og hilse. Værten bliver siddende.",
    "Three minutes are enough to walk to the new table and say hello. The host stays.",
)
WHY_CAFE_AGAIN = words(
    "Tjugo minuter: två för värdens berättelse, resten för vad de nya lägger till.",
    "Tyve minutter: to til værtens fortælling, resten til det, de nye lægger til.",
    "Twenty minutes: two for the host's account, the rest for what the newcomers add.",
)
GUIDE_FIRST = words(
    "Lägg era tankar på bordet och prata om dem. En av er är värd och sitter kvar när de andra byter bord.",
    "Læg jeres tanker på bordet, og tal om dem. En af jer er vært og bliver siddende, når de andre skifter bord.",
    "Lay your thoughts on the table and talk about them. One of you is the host and stays when the others change.",
)
GUIDE_AGAIN = words(
    "Värden berättar i två minuter vad som har sagts här. Sedan lägger ni till det ni har med er.",
    "Værten fortæller i to minutter, hvad der er blevet sagt her. Så lægger I det til, som I har med.",
    "The host tells for two minutes what has been said here. Then you add what you bring.",
)
GUIDE_LAST = words(
    "Värden berättar. Lägg till, och välj sedan tre av det som ligger på bordet, också av andras tankar.",
    "Værten fortæller. Læg til, og vælg så tre af det, der ligger på bordet, også af andres tanker.",
    "The host tells. Add to it, and then choose three of what lies on the table, also thoughts of others.",
)
GUIDE_ROUND = words(
    "Gå varvet runt: en tanke var, i tur och ordning, tills alla är upplästa. Ingen kommenterar än.",
    "Gå rundt om bordet: én tanke hver, efter tur, til alle er læst op. Ingen kommenterer endnu.",
    "Go round the table: one thought each, in turn, until all are read out. Nobody comments yet.",
)
GUIDE_CLEAR = words(
    "Fråga tills alla förstår varje tanke. Det som är samma sak läggs ihop. Ni behöver inte hålla med.",
    "Spørg, til alle forstår hver tanke. Det, der er det samme, lægges sammen. I behøver ikke være enige.",
    "Ask until everyone understands each thought. What is the same is laid together. You need not agree.",
)
GUIDE_RANK = words(
    "Var tysta. Var och en markerar de tre viktigaste. När alla är klara visas antalen.",
    "Vær stille. Hver markerer de tre vigtigste. Når alle er færdige, vises tallene.",
    "Be silent. Each marks the three that matter most. When all are ready the counts are shown.",
)

# (kind, minutes, seating, title, reason, guide)
Row = tuple[str, int, int, Words, Words, Words]

WORLD_CAFE: list[Row] = [
    ("frame", 5, 1, FRAME, WHY_FRAME, NO_WORDS),
    (
        "solo",
        4,
        1,
        SOLO,
        words(
            "Fyra minuters tystnad, så att alla har något eget med sig till första bordet.",
            "Fire minutters stilhed, så alle har noget eget med til det første bord.",
            "Four minutes of silence, so that everyone brings something of her own to the first table.",
        ),
        NO_WORDS,
    ),
    (
        "small",
        20,
        1,
        words("Första bordet", "Første bord", "First table"),
        words(
            "Tjugo minuter räcker för fyra eller fem personer att höra varandra till slut.",
            "Tyve minutter er nok til, at fire eller fem personer hører hinanden til ende.",
            "Twenty minutes are enough for four or five people to hear each other out.",
        ),
        GUIDE_FIRST,
    ),
    ("move", 3, 2, MOVE, WHY_CAFE_MOVE, NO_WORDS),
    ("small", 20, 2, words("Andra bordet", "Andet bord", "Second table"), WHY_CAFE_AGAIN, GUIDE_AGAIN),
    ("move", 3, 3, MOVE, WHY_CAFE_MOVE, NO_WORDS),
    (
        "small",
        20,
        3,
        words("Tredje bordet, välj tre", "Tredje bord, vælg tre", "Third table, choose three"),
        WHY_CAFE_AGAIN,
        GUIDE_LAST,
    ),
    (
        "whole",
        25,
        3,
        words("Tillsammans: skörden", "Sammen: høsten", "Together: the harvest"),
        words(
            "Skörden är halva mötet: vad kom tillbaka vid bord efter bord, och vad sa bara ett?",
            "Høsten er det halve møde: hvad kom igen ved bord efter bord, og hvad sagde kun ét?",
            "The harvest is half of the meeting: what came back at table after table, and what did only one say?",
        ),
        NO_WORDS,
    ),
    ("ballot", 8, 3, BALLOT, WHY_CHOOSE_SILENT, NO_WORDS),
    ("agree", 10, 3, AGREE, WHY_AGREE, NO_WORDS),
    ("checkout", 2, 3, CHECKOUT, WHY_CHECKOUT, NO_WORDS),
]

NOMINAL_GROUP: list[Row] = [
    ("frame", 4, 1, FRAME, WHY_FRAME, NO_WORDS),
    (
        "solo",
        6,
        1,
        SILENT,
        words(
            "Den som skriver för sig kommer på fler olika saker än en grupp som pratar högt.",
            "Den, der skriver for sig selv, finder på flere forskellige ting end en gruppe, der taler højt.",
            "People who write alone come up with more, and more different, things than a group that talks.",
        ),
        NO_WORDS,
    ),
    (
        "small",
        12,
        1,
        words("Vid bordet: varvet runt", "Ved bordet: bordet rundt", "At the table: round robin"),
        words(
            "En tanke i taget, i tur och ordning. Så blir den tystas tanke lika synlig som den snabbas.",
            "Én tanke ad gangen, efter tur. Så bliver den stilles tanke lige så synlig som den hurtiges.",
            "One thought at a time, in turn. So the quiet one's thought is as visible as the quick one's.",
        ),
        GUIDE_ROUND,
    ),
    (
        "small",
        8,
        1,
        words("Vid bordet: gör det begripligt", "Ved bordet: gør det forståeligt", "At the table: make it clear"),
        words(
            "Den som inte förstår en tanke kan inte välja den. Frågor här, åsikter sedan.",
            "Den, der ikke forstår en tanke, kan ikke vælge den. Spørgsmål her, meninger bagefter.",
            "Who does not understand a thought cannot choose it. Questions here, opinions later.",
        ),
        GUIDE_CLEAR,
    ),
    (
        "choose",
        7,
        1,
        words("Vid bordet: välj i tysthet", "Ved bordet: vælg i stilhed", "At the table: choose in silence"),
        words(
            "Antalen syns först när alla har markerat. Ingen behöver välja som chefen.",
            "Tallene vises først, når alle har markeret. Ingen behøver at vælge som chefen.",
            "The counts show only when all have marked. Nobody needs to choose as the manager does.",
        ),
        GUIDE_RANK,
    ),
    (
        "whole",
        10,
        1,
        words(
            "Tillsammans: samtal om bordens tre", "Sammen: samtale om bordenes tre", "Together: on the tables' threes"
        ),
        words(
            "Nu får man argumentera. Tio minuter räcker för de förslag som borden såg olika på.",
            "Nu må man argumentere. Ti minutter er nok til de forslag, som bordene så forskelligt på.",
            "Now one may argue. Ten minutes are enough for what the tables saw differently.",
        ),
        NO_WORDS,
    ),
    ("ballot", 6, 1, BALLOT, WHY_CHOOSE_SILENT, NO_WORDS),
    ("agree", 5, 1, AGREE, WHY_AGREE, NO_WORDS),
    ("checkout", 2, 1, CHECKOUT, WHY_CHECKOUT, NO_WORDS),
]

# (key, name, about, whether a host stays at every table, steps)
TEMPLATES: list[tuple[str, Words, Words, bool, list[Row]]] = [
    (
        "world-cafe",
        words("World Café", "World Café", "World Café"),
        words(
            "Tre bord om tjugo minuter, två timmar i allt. En värd stannar vid varje bord och berättar för dem som "
            "kommer; korten ligger kvar, och ni skördar tillsammans.",
            "Tre borde à tyve minutter, to timer i alt. En vært bliver ved hvert bord og fortæller dem, der kommer; "
            "kortene bliver liggende, og I høster sammen.",
            "Three tables of twenty minutes, two hours in all. A host stays at every table and tells those who come; "
            "the cards stay, and you harvest together.",
        ),
        True,
        WORLD_CAFE,
    ),
    (
        "nominal-group",
        words("Nominell grupp", "Nominel gruppe", "Nominal group"),
        words(
            "En timme: skriv i tysthet, läs upp varvet runt, fråga tills allt är begripligt, välj i tysthet, prata, och "
            "välj en gång till.",
            "En time: skriv i stilhed, læs op bordet rundt, spørg, til alt er forståeligt, vælg i stilhed, tal, og vælg "
            "en gang til.",
            "One hour: write in silence, read out in turn, ask until all is clear, choose in silence, talk, and choose "
            "once more.",
        ),
        False,
        NOMINAL_GROUP,
    ),
]


def put_templates(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Add the templates that are missing; one that is there, perhaps changed by the municipality, is left as it is."""
    template_model = apps.get_model("dialogues", "Template")
    step_model = apps.get_model("dialogues", "TemplateStep")
    last = template_model.objects.order_by("-position").values_list("position", flat=True).first() or 0
    for number, (key, name, about, hosts_stay, rows) in enumerate(TEMPLATES, start=1):
        template, is_new = template_model.objects.get_or_create(
            key=key,
            defaults={"name": name, "about": about, "position": last + number, "hosts_stay": hosts_stay},
        )
        if not is_new:
            continue
        step_model.objects.bulk_create(
            step_model(
                template=template,
                position=place,
                kind=kind,
                minutes=minutes,
                question=1,
                seating=seating,
                title=title,
                reason=reason,
                guide=guide,
            )
            for place, (kind, minutes, seating, title, reason, guide) in enumerate(rows, start=1)
        )


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0009_hosts_pins_and_guides")]

    operations = [migrations.RunPython(put_templates, migrations.RunPython.noop)]
