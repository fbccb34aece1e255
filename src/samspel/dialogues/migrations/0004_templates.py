"""The ready plans as rows: what they are called, their steps, and why each step is as long as it is."""

from django.db import migrations

Words = dict[str, str]


def words(sv: str, da: str, en: str) -> Words:
    return {"sv": sv, "da": da, "en": en}


FRAME = words(
    "Välkommen: vad hände sedan sist?",
    "Velkommen: hvad er der sket siden sidst?",
    "Welcome: what happened since last time?",
)
SOLO = words("Själv", "Selv", "Alone")
TRIOS = words("Vid bordet: tre och tre", "Ved bordet: tre og tre", "At the table: in threes")
CHOOSE = words("Vid bordet: välj tre", "Ved bordet: vælg tre", "At the table: choose three")
WHOLE = words("Tillsammans", "Sammen", "Together")
BALLOT = words("Tillsammans: välj i tysthet", "Sammen: vælg i stilhed", "Together: choose in silence")
AGREE = words("Kom överens: vem gör vad?", "Aftal: hvem gør hvad?", "Agree: who does what?")
CHECKOUT = words("Hur var det att vara med?", "Hvordan var det at være med?", "How was it to take part?")
MOVE = words("Byt bord", "Skift bord", "Change tables")
BREAK = words("Paus", "Pause", "Break")

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
WHY_MOVE = words(
    "Tre minuter räcker för att hitta sitt nya bord och hälsa.",
    "Tre minutter er nok til at finde sit nye bord og hilse.",
    "Three minutes are enough to find the new table and say hello.",
)
WHY_CHOOSE_SILENT = words(
    "Var och en väljer för sig, så att ingen rättar sig efter den som talar högst.",
    "Hver vælger for sig, så ingen retter sig efter den, der taler højest.",
    "Everyone chooses alone, so that nobody follows the loudest voice.",
)
WHY_TABLE = words(
    "Femton minuter räcker för ett varv där alla talar en gång, och ett samtal efteråt.",
    "Femten minutter er nok til en runde, hvor alle taler én gang, og en samtale bagefter.",
    "Fifteen minutes are enough for one turn each and a talk afterwards.",
)
WHY_TABLE_AGAIN = words(
    "Det nya bordet har läst sig in på korten, så tolv minuter räcker.",
    "Det nye bord har kortene at bygge på, så tolv minutter er nok.",
    "The new table has the cards to build on, so twelve minutes are enough.",
)
WHY_FIVE_ALONE = words(
    "Fem minuters tystnad ger alla tid att skriva något, inte bara den snabba.",
    "Fem minutters stilhed giver alle tid til at skrive noget, ikke kun den hurtige.",
    "Five minutes of silence let everyone write something, not only the quick.",
)

# (kind, minutes, question, seating, title, reason)
Row = tuple[str, int, int, int, Words, Words]


def hall_round(number: int) -> list[Row]:
    """One of the hall day's three rounds: a question, new tables, and a break."""
    title = words(f"Fråga {number}", f"Spørgsmål {number}", f"Question {number}")
    return [
        (
            "frame",
            5,
            number,
            number,
            title,
            words(
                "Frågan läses högt och alla hittar sitt bord innan tystnaden börjar.",
                "Spørgsmålet læses højt, og alle finder deres bord, før stilheden begynder.",
                "The question is read aloud and everyone finds a table before the silence begins.",
            ),
        ),
        ("solo", 5, number, number, SOLO, WHY_FIVE_ALONE),
        (
            "small",
            20,
            number,
            number,
            TRIOS,
            words(
                "Först tre och tre, sedan hela bordet. I en stor grupp talar annars bara några.",
                "Først tre og tre, så hele bordet. I en stor gruppe taler ellers kun nogle få.",
                "First in threes, then the whole table. In a large group only a few would speak.",
            ),
        ),
        (
            "choose",
            10,
            number,
            number,
            CHOOSE,
            words(
                "Var och en markerar för sig innan bordet talar om ordningen. Det tar tio minuter.",
                "Hver markerer for sig, før bordet taler om rækkefølgen. Det tager ti minutter.",
                "Each marks alone before the table talks about the order. That takes ten minutes.",
            ),
        ),
        (
            "whole",
            20,
            number,
            number,
            WHOLE,
            words(
                "Alla bords tre ska hinna läsas och väljas bland, också de ensamma rösterna.",
                "Alle bordes tre skal nå at blive læst og valgt imellem, også de enlige stemmer.",
                "There must be time to read every table's three and choose among them, the lone voices too.",
            ),
        ),
        (
            "break",
            15,
            number,
            number,
            BREAK,
            words(
                "Mycket av det viktiga sägs vid kaffet, och nästa bord behöver pigga människor.",
                "Meget af det vigtige bliver sagt over kaffen, og næste bord har brug for friske folk.",
                "Much that matters is said over coffee, and the next table needs people who are awake.",
            ),
        ),
    ]


TEMPLATES: list[tuple[str, Words, Words, int, list[int], list[Row]]] = [
    (
        "apt-30",
        words("30 min", "30 min", "30 min"),
        words(
            "Ryms i en arbetsplatsträff: en fråga, ett bord eller några få.",
            "Kan være i et personalemøde: ét spørgsmål, ét bord eller nogle få.",
            "Fits a workplace meeting: one question, one table or a few.",
        ),
        1,
        [],
        [
            ("frame", 2, 1, 1, FRAME, WHY_FRAME),
            (
                "solo",
                4,
                1,
                1,
                SOLO,
                words(
                    "Fyra minuters tystnad är det minsta som ger alla tid att skriva något.",
                    "Fire minutters stilhed er det mindste, der giver alle tid til at skrive noget.",
                    "Four minutes of silence are the least that lets everyone write something.",
                ),
            ),
            (
                "small",
                8,
                1,
                1,
                words(
                    "Vid bordet: tre och tre, välj tre",
                    "Ved bordet: tre og tre, vælg tre",
                    "At the table: in threes, choose three",
                ),
                words(
                    "I en grupp om tre hinner var och en två minuter, och sedan väljer bordet.",
                    "I en gruppe på tre får hver to minutter, og så vælger bordet.",
                    "In a group of three each has two minutes, and then the table chooses.",
                ),
            ),
            (
                "whole",
                10,
                1,
                1,
                WHOLE,
                words(
                    "Tio minuter räcker för bordens tre, en fråga på var och att välja tillsammans.",
                    "Ti minutter er nok til bordenes tre, et spørgsmål til hver og at vælge sammen.",
                    "Ten minutes are enough for the tables' threes, a question on each, and choosing together.",
                ),
            ),
            ("agree", 4, 1, 1, AGREE, WHY_AGREE),
            ("checkout", 2, 1, 1, CHECKOUT, WHY_CHECKOUT),
        ],
    ),
    (
        "apt-60",
        words("60 min", "60 min", "60 min"),
        words(
            "Hinner också med invändningarna och ett tyst val.",
            "Når også indvendingerne og et stille valg.",
            "Has time for objections and a silent choice as well.",
        ),
        1,
        [],
        [
            ("frame", 4, 1, 1, FRAME, WHY_FRAME),
            ("solo", 5, 1, 1, SOLO, WHY_FIVE_ALONE),
            (
                "small",
                12,
                1,
                1,
                TRIOS,
                words(
                    "Tre eller fyra minuter var, en i taget. Ingen kommenterar under första varvet.",
                    "Tre eller fire minutter til hver, én ad gangen. Ingen kommenterer i første runde.",
                    "Three or four minutes each, one at a time. Nobody comments during the first turn.",
                ),
            ),
            (
                "objections",
                10,
                1,
                1,
                words(
                    "Vid bordet: invändningar, välj tre",
                    "Ved bordet: indvendinger, vælg tre",
                    "At the table: objections, choose three",
                ),
                words(
                    "Vad talar emot? Den frågan behöver egen tid, annars ställs den aldrig.",
                    "Hvad taler imod? Det spørgsmål skal have sin egen tid, ellers bliver det aldrig stillet.",
                    "What speaks against it? That question needs its own time, or it is never asked.",
                ),
            ),
            (
                "whole",
                15,
                1,
                1,
                WHOLE,
                words(
                    "Varje bords tre ska hinna läsas, och den ensamma rösten höras.",
                    "Hvert bords tre skal nå at blive læst, og den enlige stemme skal høres.",
                    "There must be time to read each table's three, and to hear the lone voice.",
                ),
            ),
            ("ballot", 8, 1, 1, BALLOT, WHY_CHOOSE_SILENT),
            ("agree", 4, 1, 1, AGREE, WHY_AGREE),
            ("checkout", 2, 1, 1, CHECKOUT, WHY_CHECKOUT),
        ],
    ),
    (
        "mixed-90",
        words("90 min", "90 min", "90 min"),
        words(
            "Blandade bord från flera enheter. Ni byter bord två gånger, och korten ligger kvar.",
            "Blandede borde fra flere enheder. I skifter bord to gange, og kortene bliver liggende.",
            "Mixed tables from several units. You change tables twice, and the cards stay.",
        ),
        1,
        [],
        [
            ("frame", 5, 1, 1, FRAME, WHY_FRAME),
            ("solo", 5, 1, 1, SOLO, WHY_FIVE_ALONE),
            ("small", 15, 1, 1, words("Första bordet", "Første bord", "First table"), WHY_TABLE),
            ("move", 3, 1, 2, MOVE, WHY_MOVE),
            ("small", 12, 1, 2, words("Andra bordet", "Andet bord", "Second table"), WHY_TABLE_AGAIN),
            ("move", 3, 1, 3, MOVE, WHY_MOVE),
            (
                "small",
                12,
                1,
                3,
                words("Tredje bordet, välj tre", "Tredje bord, vælg tre", "Third table, choose three"),
                WHY_TABLE_AGAIN,
            ),
            (
                "whole",
                20,
                1,
                3,
                WHOLE,
                words(
                    "Många enheter har olika ord för samma sak. Det tar tid att höra det.",
                    "Mange enheder har forskellige ord for det samme. Det tager tid at høre det.",
                    "Units have different words for the same thing. It takes time to hear that.",
                ),
            ),
            ("ballot", 10, 1, 3, BALLOT, WHY_CHOOSE_SILENT),
            ("agree", 3, 1, 3, AGREE, WHY_AGREE),
            ("checkout", 2, 1, 3, CHECKOUT, WHY_CHECKOUT),
        ],
    ),
    (
        "hall-day",
        words("Heldag i sal", "Heldag i sal", "Day in a hall"),
        words(
            "Tre frågor, tre bord. Efter varje fråga finns de tre på skärmen.",
            "Tre spørgsmål, tre borde. Efter hvert spørgsmål står de tre på skærmen.",
            "Three questions, three tables. After each question the three are on the screen.",
        ),
        3,
        [],
        [
            *hall_round(1),
            *hall_round(2),
            *hall_round(3),
            (
                "agree",
                10,
                3,
                3,
                AGREE,
                words(
                    "Tre frågor ger mer att komma överens om. Välj hellre få saker och skriv vem.",
                    "Tre spørgsmål giver mere at aftale. Vælg hellere få ting, og skriv hvem.",
                    "Three questions leave more to agree on. Rather choose few things and write who.",
                ),
            ),
            ("checkout", 2, 3, 3, CHECKOUT, WHY_CHECKOUT),
        ],
    ),
    (
        "shifts-72",
        words("72 timmar", "72 timer", "72 hours"),
        words(
            "För dem som arbetar i skift. Går av sig självt efter sin tidtabell, med två påminnelser.",
            "For dem, der arbejder i skift. Kører af sig selv efter sin tidsplan, med to påmindelser.",
            "For people who work in shifts. Runs by itself on its timetable, with two reminders.",
        ),
        1,
        [24 * 60, 44 * 60],
        [
            (
                "solo",
                48 * 60,
                1,
                1,
                SOLO,
                words(
                    "Två dygn, så att varje skift hinner vara med minst en gång.",
                    "To døgn, så hvert skift når at være med mindst én gang.",
                    "Two days and nights, so that every shift can take part at least once.",
                ),
            ),
            (
                "small",
                15,
                1,
                1,
                words("Vid bordet: första tillfället", "Ved bordet: første gang", "At the table: first slot"),
                words(
                    "Femton minuter ryms i ett arbetspass. Den som inte är med då är med nästa gång.",
                    "Femten minutter kan være i en vagt. Den, der ikke er med, er med næste gang.",
                    "Fifteen minutes fit into a shift. Those who miss it take part in the next.",
                ),
            ),
            (
                "break",
                11 * 60 + 45,
                1,
                2,
                words("Till nästa pass", "Til næste vagt", "Until the next shift"),
                words(
                    "Tolv timmar efter det första tillfället arbetar ett annat skift.",
                    "Tolv timer efter første gang er et andet skift på arbejde.",
                    "Twelve hours after the first slot another shift is at work.",
                ),
            ),
            (
                "small",
                15,
                1,
                2,
                words("Vid bordet: andra tillfället", "Ved bordet: anden gang", "At the table: second slot"),
                words(
                    "Samma fråga för det andra skiftet. Tankarna från första tillfället ligger kvar på bordet.",
                    "Samme spørgsmål til det andet skift. Tankerne fra første gang ligger stadig på bordet.",
                    "The same question for the other shift. The thoughts of the first slot are still on the table.",
                ),
            ),
            (
                "ballot",
                8 * 60 + 45,
                1,
                2,
                BALLOT,
                words(
                    "Nio timmar, så att alla skift hinner välja. Sedan räknas de tre ut.",
                    "Ni timer, så alle skift når at vælge. Så regnes de tre ud.",
                    "Nine hours, so that all shifts can choose. Then the three are worked out.",
                ),
            ),
            (
                "agree",
                2 * 60,
                1,
                2,
                AGREE,
                words(
                    "Den som leder skriver vem som gör vad, och alla kan läsa det.",
                    "Den, der leder, skriver, hvem der gør hvad, og alle kan læse det.",
                    "The leader writes who does what, and everyone can read it.",
                ),
            ),
            ("checkout", 60, 1, 2, CHECKOUT, WHY_CHECKOUT),
        ],
    ),
]


def put_templates(apps, schema_editor):  # type: ignore[no-untyped-def]
    """Add the templates that are missing; one that is there, perhaps changed by the municipality, is left as it is."""
    template_model = apps.get_model("dialogues", "Template")
    step_model = apps.get_model("dialogues", "TemplateStep")
    for position, (key, name, about, questions, reminders, rows) in enumerate(TEMPLATES, start=1):
        template, is_new = template_model.objects.get_or_create(
            key=key,
            defaults={
                "name": name,
                "about": about,
                "position": position,
                "questions": questions,
                "is_unattended": bool(reminders),
                "reminders": reminders,
            },
        )
        if not is_new:
            continue
        step_model.objects.bulk_create(
            step_model(
                template=template,
                position=place,
                kind=kind,
                minutes=minutes,
                question=question,
                seating=seating,
                title=title,
                reason=reason,
            )
            for place, (kind, minutes, question, seating, title, reason) in enumerate(rows, start=1)
        )


class Migration(migrations.Migration):
    dependencies = [("dialogues", "0003_planned_place")]

    operations = [migrations.RunPython(put_templates, migrations.RunPython.noop)]
