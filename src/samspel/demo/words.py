"""What made-up people say about «Vad behöver vi för att lyckas?»: thoughts by theme, counter-voices, agreements."""

from collections.abc import Collection
from dataclasses import dataclass

# By theme: first the word alone, as many write it, then thoughts in the words of those who work in a city.
THOUGHTS: dict[str, tuple[str, ...]] = {
    "Delaktighet": (
        "Delaktighet",
        "Delaktighet på riktigt, inte när allt redan är bestämt.",
        "Att få vara med innan beslutet, inte bara efteråt.",
        "Delaktighet också för dem som jobbar natt.",
        "Fråga dem som gör jobbet, de vet vad som behövs.",
        "Att alla hinner med, inte bara de snabbaste.",
        "Delaktighet betyder att det går att säga nej.",
        "Bjud in vikarierna också.",
    ),
    "Tid": (
        "Tid",
        "Tid att tänka innan vi svarar.",
        "Tid i schemat, inte på lunchen.",
        "Färre möten om mötena.",
        "En timme i veckan där ingen får boka oss.",
        "Tid att läsa det vi förväntas kunna.",
        "Att vi slutar med något när vi börjar med något nytt.",
        "Tio minuter ihop före ett svårt samtal.",
    ),
    "Förberedelse och reflektion": (
        "Förberedelse och reflektion",
        "Att vi förbereder oss, och pratar efteråt.",
        "Papper i förväg, så att fler vågar säga något.",
        "Fem minuter tyst innan någon pratar.",
        "Att vi ser tillbaka innan vi rusar vidare.",
        "Reflektion som en del av jobbet, inte som belöning.",
    ),
    "Uthållighet": (
        "Uthållighet",
        "Hålla i. Inte byta spår varje höst.",
        "Att chefen frågar igen om ett halvår.",
        "Ett arbetssätt i taget.",
        "Uthållighet när det nya har slutat vara nytt.",
        "Att projektet inte dör när projektledaren slutar.",
    ),
    "Tillit": (
        "Tillit",
        "Tillit till dem som möter människor varje dag.",
        "Att chefen litar på oss utan rapport.",
        "Tillit mellan förvaltningarna, inte bara inom dem.",
        "Mindre kontroll av sådant som ingen läser.",
        "Att ingen blir uthängd för ett misstag.",
    ),
    "Kommunikation": (
        "Kommunikation",
        "Kommunikation åt båda hållen.",
        "Att samma besked gäller i alla hus.",
        "Säg det muntligt också, mejlen drunknar.",
        "Kommunikation på ett språk som alla förstår.",
        "Berätta varför, inte bara vad.",
    ),
    "Tydlighet": (
        "Tydlighet",
        "Tydlighet om vem som bestämmer vad.",
        "Någon som säger vad som gäller.",
        "Ett mål man kan komma ihåg utan att slå upp det.",
        "Tydlighet om vad vi inte ska göra.",
        "Att ett ja är ett ja.",
    ),
    "Rätt att pröva": (
        "Rätt att pröva",
        "Att få prova utan att fråga om lov.",
        "Rätt att misslyckas en gång.",
        "En liten budget som vi själva råder över.",
        "Prova i en enhet först, inte i hela staden.",
        "Att ett försök får visa att det inte gick.",
    ),
    "Arbetsglädje": (
        "Arbetsglädje",
        "Arbetsglädje. Man orkar mer när det är roligt.",
        "Att vi firar det lilla också.",
        "Att någon säger tack och menar det.",
        "Fika tillsammans över gränserna.",
    ),
    "Mod": (
        "Mod",
        "Mod att säga att vi inte vet.",
        "Mod att ta bort en blankett.",
        "Att våga ringa i stället för att skicka brev.",
        "Mod att säga emot i rummet, inte i korridoren.",
    ),
    "Lyssna": (
        "Lyssna",
        "Lyssna klart innan vi föreslår något.",
        "Lyssna på dem som inte brukar prata.",
        "Gå ut i verksamheten och lyssna en hel dag.",
        "Att den som bor här får berätta först.",
    ),
}

# How often each theme is on somebody's mind.
WEIGHTS: dict[str, float] = {
    "Delaktighet": 5,
    "Tid": 5,
    "Förberedelse och reflektion": 3,
    "Uthållighet": 3,
    "Tillit": 3,
    "Kommunikation": 3,
    "Tydlighet": 3,
    "Rätt att pröva": 2,
    "Arbetsglädje": 2,
    "Mod": 1.5,
    "Lyssna": 2,
}

COUNTER_VOICES: tuple[str, ...] = (
    "Saknar vi tid, eller säger vi ja till för mycket?",
    "Vi säger ja till för mycket.",
    "Delaktighet tar tid. Vem gör jobbet under tiden?",
    "Tillit är lätt att säga för den som bestämmer budgeten.",
    "Vi har lovat det här förut. Vad är annorlunda nu?",
    "Alla vill prova, ingen vill sluta med något.",
    "Tydlighet för oss kan bli ett krångel för dem vi är till för.",
    "Vad säger de som inte är här i dag?",
)

HELP_WORDS = "Vad menas med lyckas?"


@dataclass(frozen=True)
class Promise:
    """What could be agreed about a theme."""

    text: str
    owner: str
    owner_role: str
    becomes: str


PROMISES: dict[str, Promise] = {
    "Delaktighet": Promise(
        "Vi frågar dem som gör jobbet innan vi skriver förslaget, inte efter.", "Birgitta", "enhetschef", "trial"
    ),
    "Tid": Promise("Vi bokar inga möten efter 15.30.", "Amina", "vägledare", "trial"),
    "Förberedelse och reflektion": Promise(
        "Vi tänker tio minuter ihop före ett första möte.", "Karin", "samordnare", "trial"
    ),
    "Uthållighet": Promise(
        "Vi börjar inget nytt förrän vi har sett tillbaka på det förra.", "Eva", "rektor", "nothing"
    ),
    "Tillit": Promise(
        "Vi slutar med veckorapporten i två månader och ser vad som händer.", "Stefan", "bibliotekschef", "trial"
    ),
    "Kommunikation": Promise(
        "Ett besked om en ändring sägs i ord på måndagsmötet, inte bara i mejl.", "Lotta", "planerare", "trial"
    ),
    "Tydlighet": Promise("Varje enhet skriver upp vem som bestämmer om vad, på en sida.", "Åsa", "enhetschef", "need"),
    "Rätt att pröva": Promise(
        "Varje enhet får pröva en egen idé i fyra veckor utan att fråga om lov.", "Pontus", "enhetschef", "decision"
    ),
    "Arbetsglädje": Promise("Fredagens möte börjar med något som gick bra.", "Moa", "fritidsledare", "nothing"),
    "Mod": Promise("Varje enhet tar bort en blankett före sommaren.", "Mikael", "socialsekreterare", "trial"),
    "Lyssna": Promise("Varje chef följer med ut i verksamheten en hel dag.", "Lars", "enhetschef", "trial"),
}
OTHER_PROMISES: tuple[Promise, ...] = (
    Promise("Vi provar det här i fyra veckor och berättar hur det gick.", "Karin", "samordnare", "trial"),
    Promise("Varje enhet tar upp det på nästa arbetsplatsträff.", "Henrik", "studievägledare", "nothing"),
    Promise("Vi bjuder in grannenheten och frågar hur de gör.", "Cecilia", "bibliotekarie", "nothing"),
)

# What became of what was agreed last time.
OUTCOMES: tuple[tuple[str, str], ...] = (
    ("done", "Det gick bra. Vi fortsätter."),
    ("done", "Det tog en vecka att vänja sig, nu går det av sig självt."),
    ("partly", "Hälften av oss hann. Vi försöker en månad till."),
    ("partly", "Det fungerade på förmiddagarna."),
    ("not_done", "Det blev inte av. Ingen hade tid att börja."),
    ("not_done", "Vi provade, men det hjälpte inte."),
)


def themes_in(text: str) -> list[str]:
    """The themes that a text is about: those whose word or whose thoughts it holds."""
    folded = text.casefold()
    found = []
    for theme, thoughts in THOUGHTS.items():
        if theme.casefold() in folded or any(thought.casefold().rstrip(".") in folded for thought in thoughts[1:]):
            found.append(theme)
    return found


def promise_about(text: str, *, but: Collection[str] = ()) -> Promise:
    """What could be agreed about one of the hall's three, that is not agreed already."""
    about = [PROMISES[theme] for theme in themes_in(text)]
    return next((one for one in (*about, *OTHER_PROMISES) if one.text not in but), OTHER_PROMISES[0])
