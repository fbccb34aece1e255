"""Lindvik in words: its units, providers, people, what was heard, and the meetings that have been held. No code."""

from dataclasses import dataclass

NAME = "Lindvik"
ROOT = "Lindviks kommun"
DOMAIN = "lindvik.example"
PASSWORD = "tillit-i-lindvik"  # noqa: S105 (printed at every start of the demo, and of no use anywhere else)

# The dialogue that the made-up people come to.
HALL_TITLE = "En dag av delaktighet"
HALL_QUESTION = "Vad behöver vi för att lyckas?"
HALL_PLACE = "Stora salen i Folkets hus"
HALL_TEMPLATE = "apt-30"
HALL_TABLES = 8

# ---------------------------------------------------------------- units and who performs

# Each unit with the one above it, parents first.
UNITS: tuple[tuple[str, str], ...] = (
    ("Kommunledning", ROOT),
    ("Digitaliseringsenheten", "Kommunledning"),
    ("Personalenheten", "Kommunledning"),
    ("Arbete och välfärd", ROOT),
    ("Vägledningscentrum", "Arbete och välfärd"),
    ("Arbetsmarknadsenheten", "Arbete och välfärd"),
    ("Socialkontoret", "Arbete och välfärd"),
    ("Hjälp hemma i Norrvik", "Arbete och välfärd"),
    ("Kultur och fritid", ROOT),
    ("Stadsbiblioteket", "Kultur och fritid"),
    ("Fritid för unga", "Kultur och fritid"),
    ("Skola", ROOT),
    ("Ektorpsskolan", "Skola"),
    ("Stad och miljö", ROOT),
    ("Gator och parker", "Stad och miljö"),
)

# Name, kind, and for an own provider its unit.
PROVIDERS: tuple[tuple[str, str, str], ...] = (
    ("Hjälp hemma i Norrvik", "own", "Hjälp hemma i Norrvik"),
    ("Vägledningscentrum", "own", "Vägledningscentrum"),
    ("Strömmens Hemomsorg AB", "company", ""),
    ("Norrviks Båtklubb", "association", ""),
    ("Lindviks Läxhjälp", "association", ""),
    ("Kooperativet Kvarnen", "cooperative", ""),
)


@dataclass(frozen=True)
class Worker:
    """Somebody who works in Lindvik. ``roles`` are (kind, unit); without one she is a member of ``unit``."""

    name: str
    unit: str
    profession: str
    roles: tuple[tuple[str, str], ...] = ()
    is_administrator: bool = False

    @property
    def email(self) -> str:
        plain = self.name.lower().translate(str.maketrans("åäöéüç", "aaoeuc")).replace(" ", ".")
        return f"{plain}@{DOMAIN}"


def _members(unit: str, text: str) -> tuple[Worker, ...]:
    rows = (line.partition(",") for line in text.strip().splitlines())
    return tuple(Worker(name.strip(), unit, profession.strip()) for name, _comma, profession in rows)


ADMINISTRATOR = Worker(
    "Alva Ek", "Personalenheten", "HR-strateg", (("member", "Personalenheten"),), is_administrator=True
)
FACILITATOR = Worker("Malin Dahl", ROOT, "Chefscoach", (("facilitator", ROOT),))
SECOND_LEADER = Worker("Helena Sand", ROOT, "Chefscoach (påhittad ledare)", (("facilitator", ROOT),))
MANAGER = Worker(
    "Pontus Berg",
    "Vägledningscentrum",
    "Enhetschef",
    (("manager", "Vägledningscentrum"), ("manager", "Arbetsmarknadsenheten")),
)
COORDINATOR = Worker("Karin Lund", "Vägledningscentrum", "Samordnare")
BROKER = Worker("Amina Haddad", "Vägledningscentrum", "Vägledare", (("member", "Vägledningscentrum"), ("broker", ROOT)))
OMBUD = Worker(
    "Leila Rahimi",
    "Vägledningscentrum",
    "Vägledare",
    (("member", "Vägledningscentrum"), ("ombud", "Vägledningscentrum")),
)
ANALYST = Worker(
    "Jonas Wik", "Digitaliseringsenheten", "Utvecklare", (("member", "Digitaliseringsenheten"), ("analyst", ROOT))
)
EDITOR = Worker("Siv Norén", "Kommunledning", "Kommunikatör", (("member", "Kommunledning"), ("editor", ROOT)))

WORKERS: tuple[Worker, ...] = (
    ADMINISTRATOR,
    FACILITATOR,
    SECOND_LEADER,
    MANAGER,
    COORDINATOR,
    BROKER,
    OMBUD,
    ANALYST,
    EDITOR,
    *_members(
        "Vägledningscentrum",
        """
        Per Sandell, receptionist
        Yasmin Noor, receptionist
        Tove Alm, studievägledare
        Henrik Öberg, studievägledare
        Fatima Said, språkstöd
        Göran Palm, arbetskonsulent
        Ewa Kowalska, arbetskonsulent
        Nils Ahlgren, vaktmästare
        Sara Tesfay, vägledare
        """,
    ),
    Worker("Birgitta Frost", "Socialkontoret", "Enhetschef", (("manager", "Socialkontoret"),)),
    *_members(
        "Socialkontoret",
        """
        Mikael Strand, socialsekreterare
        Hanna Lindqvist, socialsekreterare
        Ali Demir, familjestödjare
        """,
    ),
    *_members(
        "Arbetsmarknadsenheten",
        """
        Olle Grahn, jobbcoach
        Rania Haddad, jobbcoach
        """,
    ),
    Worker("Ann-Sofi Hult", "Hjälp hemma i Norrvik", "Enhetschef", (("manager", "Hjälp hemma i Norrvik"),)),
    *_members(
        "Hjälp hemma i Norrvik",
        """
        Marika Salo, undersköterska
        Dawit Bekele, undersköterska
        Lotta Rehn, planerare
        Emil Juhlin, vårdbiträde
        """,
    ),
    Worker("Stefan Lilja", "Stadsbiblioteket", "Bibliotekschef", (("manager", "Stadsbiblioteket"),)),
    *_members(
        "Stadsbiblioteket",
        """
        Cecilia Ward, bibliotekarie
        Mahmoud Issa, biblioteksassistent
        """,
    ),
    Worker("Kenan Begic", "Fritid för unga", "Enhetschef", (("manager", "Fritid för unga"),)),
    *_members(
        "Fritid för unga",
        """
        Moa Hedin, fritidsledare
        Viktor Asp, fritidsledare
        Zahra Jama, fritidsledare
        Linn Ekdahl, samordnare för lovkorten
        Robin Falk, fältarbetare
        """,
    ),
    Worker("Eva Malmgren", "Ektorpsskolan", "Rektor", (("manager", "Ektorpsskolan"),)),
    *_members(
        "Ektorpsskolan",
        """
        Peter Nyström, lärare
        Nadia Petrov, kurator
        """,
    ),
    Worker("Lars Brink", "Gator och parker", "Enhetschef", (("manager", "Gator och parker"),)),
    *_members(
        "Gator och parker",
        """
        Gunilla Torp, trädgårdsmästare
        Hassan Ibrahim, drifttekniker
        Tommy Vall, drifttekniker
        Ida Sundh, trafikingenjör
        """,
    ),
    Worker("Åsa Kvist", "Digitaliseringsenheten", "Enhetschef", (("manager", "Digitaliseringsenheten"),)),
)

# What is printed at start: who, and what she does.
SIGN_INS: tuple[tuple[Worker, str], ...] = (
    (FACILITATOR, "leads the dialogue that is under way, a World Café and one in two languages"),
    (MANAGER, "manager of Vägledningscentrum"),
    (COORDINATOR, "works at Vägledningscentrum"),
    (ADMINISTRATOR, "administrator"),
    (BROKER, "bridge-builder, with a desk under Ge och få"),
    (ANALYST, "analyst"),
    (EDITOR, "editor"),
)

# ---------------------------------------------------------------- what was heard


@dataclass(frozen=True)
class Heard:
    """A signal: somebody's words, how they were heard, in which unit, and how many days ago."""

    words: str
    source: str
    unit: str
    days_ago: int


WAITING = Heard(
    "Jag väntade utan att veta varför.", "Fjorton liknande reflektioner efter möten", "Vägledningscentrum", 44
)
WHO_COMES = Heard("Vem kommer till mamma i dag?", "Anhöriga, i telefon och vid dörren", "Hjälp hemma i Norrvik", 12)
HOLIDAY_CARDS = Heard(
    "Lovkorten tog slut på en dag.", "Ungdomar på fritidsgården, och deras föräldrar", "Fritid för unga", 69
)
DARK_BRIDGE = Heard(
    "Det är mörkt vid bron på kvällen.", "Boende i Norrvik, på en kvällsvandring", "Gator och parker", 52
)
ALREADY_DECIDED = Heard("Vi får veta när allt redan är bestämt.", "Medarbetarsamtal i sju enheter", ROOT, 21)
SAME_STORY = Heard(
    "Jag berättar samma sak för tre olika personer.", "Besökare, vid avslutade ärenden", "Socialkontoret", 88
)
NO_ONE_SAID = Heard("Ingen sa att läxhjälpen fanns.", "Elever i årskurs åtta", "Ektorpsskolan", 97)

SIGNALS: tuple[Heard, ...] = (
    WAITING,
    WHO_COMES,
    HOLIDAY_CARDS,
    DARK_BRIDGE,
    ALREADY_DECIDED,
    SAME_STORY,
    Heard("Biblioteket stänger när jag slutar jobbet.", "Låntagare vid disken", "Stadsbiblioteket", 93),
    NO_ONE_SAID,
    Heard("Jag vet inte vem jag ska ringa om cykelvägen.", "Synpunkter på telefon", "Gator och parker", 101),
)

# ---------------------------------------------------------------- the meetings that have been held


@dataclass(frozen=True)
class Agreed:
    """An agreement about the hall's choice in a place (1 to 3), what it becomes, and perhaps what became of it."""

    place: int
    text: str
    owner: str
    owner_role: str
    becomes: str
    due_in_days: int
    outcome: str = ""
    outcome_words: str = ""


@dataclass(frozen=True)
class Held:
    """A meeting that was held: who led it, its question, what people wrote, what they agreed."""

    signal: Heard
    leader: Worker
    title: str
    question: str
    place: str
    days_ago: int
    notes: tuple[str, ...]
    counter_voices: tuple[str, ...]
    agreed: tuple[Agreed, ...]
    # How it was to take part: bad, so-so, good, in turn.
    levels: tuple[int, ...] = (3, 3, 2, 3, 3, 1, 3, 2, 3)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


HELD: tuple[Held, ...] = (
    Held(
        HOLIDAY_CARDS,
        next(worker for worker in WORKERS if worker.name == "Kenan Begic"),
        "Lovkorten",
        "Hur når lovkorten dem som behöver dem mest?",
        "Fritidsgården Ankaret",
        60,
        _lines(
            """
            Dela ut korten på flera dagar
            De som köar först är inte de som behöver mest
            Skolorna vet vilka som aldrig frågar
            Dela ut korten på flera dagar
            Färre kort i förväg, fler vid disken
            Många vet inte att korten finns
            Hälften ligger oanvända i en låda
            Säg det på fler språk
            Vi räknar kort, inte bad
            Skolorna vet vilka som aldrig frågar
            Låt dem som inte använder sitt kort ge det vidare
            Kön börjar klockan sju, bussen går kvart i åtta
            """
        ),
        ("Blir det rättvisare, eller bara långsammare?",),
        (
            Agreed(
                1,
                "Vi delar ut lovkorten på tre dagar i stället för en.",
                "Linn Ekdahl",
                "samordnare",
                "trial",
                40,
                "not_done",
                "Det hjälpte inte. Korten tog slut lika fort, och samma ungdomar kom alla tre dagarna. "
                "Nu vet vi att tiden inte var problemet.",
            ),
        ),
        (3, 2, 3, 3, 2, 3),
    ),
    Held(
        DARK_BRIDGE,
        next(worker for worker in WORKERS if worker.name == "Lars Brink"),
        "Bron i Norrvik",
        "Vad gör bron trygg på kvällen?",
        "Förrådet på Kajgatan",
        40,
        _lines(
            """
            Lampan närmast trappan har varit trasig sedan i höstas
            Buskarna skymmer, inte bara mörkret
            De som går där vet bäst var det är mörkt
            Lägre armaturer, inte starkare
            Felanmälan är för krånglig i mobilen
            Buskarna skymmer, inte bara mörkret
            Gå dit tillsammans en kväll
            Vi lagar, men ingen får veta att vi har lagat
            De som går där vet bäst var det är mörkt
            Skriv på skylten vem man ringer
            """
        ),
        ("Ljus flyttar kanske bara det otrygga till nästa bro.",),
        (
            Agreed(
                1,
                "Vi går dit en kväll med dem som bor där, och skriver ner var det är mörkt.",
                "Ida Sundh",
                "trafikingenjör",
                "nothing",
                14,
                "done",
                "Elva boende kom. De pekade ut fyra lampor och en häck. Häcken är klippt.",
            ),
            Agreed(
                2,
                "Vi föreslår fyra lägre armaturer vid bron.",
                "Lars Brink",
                "enhetschef",
                "decision",
                60,
                "going_on",
                "Nämnden tar upp det på nästa möte.",
            ),
        ),
        (3, 3, 3, 2, 3),
    ),
    Held(
        WAITING,
        MANAGER,
        "Hur är det att vänta hos oss?",
        "Vad vill vi att den som väntar ska veta?",
        "Stora rummet, Vägledningscentrum",
        28,
        _lines(
            """
            Att vi har sett dem
            Hur lång väntan blir
            Att ett hej räcker långt
            Vi ser dem som väntar, men de vet inte att vi har sett dem
            Hur lång väntan blir
            Att det inte är deras fel att det tar tid
            Var man sätter sig, och att man får gå och hämta kaffe
            Vem de ska träffa
            Att vi har sett dem
            Skylten säger ta nummer, men ingen ropar nummer
            Den som tittar ner i skärmen ser upptagen ut, fast jag bara letar
            Hur lång väntan blir
            Att man får komma tillbaka en annan dag utan att börja om
            Språket. Några går hem för att de inte förstår skylten
            Vem de ska träffa
            Det är tyst i väntrummet, ingen vågar fråga
            Att vi inte har glömt dem
            Att lunchen är stängd på riktigt, så att ingen står kvar
            Två minuter känns kort bakom disken och långt framför den
            Vi byter plats vid disken klockan elva, och då faller någon mellan stolarna
            Att det finns någon att fråga
            Att vi har sett dem
            """
        ),
        (
            "Vad slutar vi med, om vi börjar hälsa inom en minut?",
            "En tavla med väntetid kan bli ett löfte vi inte håller.",
        ),
        (
            Agreed(
                1,
                "Vi hälsar inom en minut och säger hur lång väntan blir.",
                "Karin Lund",
                "samordnare",
                "trial",
                37,
                "going_on",
                "Försöket går in på sista veckan.",
            ),
        ),
    ),
)

# ---------------------------------------------------------------- the meetings that are coming


@dataclass(frozen=True)
class Coming:
    """A meeting that is planned: who leads it, who is invited (units, and a list as CSV), and in which languages."""

    signal: Heard
    leader: Worker
    title: str
    template: str
    question: str
    place: str
    in_days: int
    tables: int
    units: tuple[str, ...]
    people: str
    file: str
    second_language: str = ""
    second_question: str = ""
    # The language of the interpreter who sits at each table.
    interpreters: tuple[str, ...] = ()


COMING: tuple[Coming, ...] = (
    Coming(
        SAME_STORY,
        FACILITATOR,
        "World Café: berätta en gång",
        "world-cafe",
        "Vad behöver vi göra för att ingen ska behöva berätta samma sak tre gånger?",
        "Stadsbibliotekets café",
        6,
        4,
        ("Hjälp hemma i Norrvik", "Stadsbiblioteket", "Fritid för unga"),
        "\n".join(
            _lines(
                """
                namn;e-post;enhet;yrke
                Gun Åberg;;Vårdcentralen Strömmen;sjuksköterska
                Tariq Aziz;;Vårdcentralen Strömmen;läkarsekreterare
                Sandra Melin;;Arbetsförmedlingen;handläggare
                Petra Ahl;;Lindviks gymnasium;studievägledare
                """
            )
        ),
        "grannar.csv",
    ),
    Coming(
        NO_ONE_SAID,
        FACILITATOR,
        "Läxhjälpen: för alla familjer",
        "mixed-90",
        "Hur får alla familjer veta att läxhjälpen finns?",
        "Matsalen, Ektorpsskolan",
        8,
        3,
        (),
        "\n".join(
            _lines(
                """
                namn;e-post;enhet;yrke;behöver;tolk till
                Rasha Khalil;;Föräldrar;förälder;;arabiska
                Omar Khalil;;Föräldrar;förälder;;arabiska
                Nour Saleh;;Föräldrar;förälder;;arabiska
                Anders Blom;;Föräldrar;förälder;hörslinga;
                Ulla Granat;;Föräldrar;förälder;;
                Lena Persson;;Lindviks Läxhjälp;volontär;;
                Kjell Orre;;Lindviks Läxhjälp;volontär;tillgängligt bord;
                Hawa Diallo;;Lindviks Läxhjälp;samordnare;;
                """
            )
        ),
        "familjer.csv",
        second_language="ar",
        second_question="كيف تعرف كل العائلات أن هناك مساعدة في الواجبات المدرسية؟",
        interpreters=("", "ar", ""),
    ),
)
