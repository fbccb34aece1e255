"""Words that say how a sentence is built and not what it is about. Our own short lists, all in lower case."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["STOP_WORDS"]

_SWEDISH = """
aldrig alla alldeles allra allt alltid andra annan annat att av bara behöver bland blev bli blir blivit borde både bör
de dem den denna deras dess dessa det detta dig din dina dit ditt du där därför då efter eftersom ej eller en enda ens
er era ert ett fick finns fler flera flest fram från få får för före förr ge genom ger gjorde gå går gått gör göra ha
hade han har hela helt henne hennes hon honom hos hur här i ibland icke igen in inga ingen inget innan inne inte ja
jag ju just kan kanske kom komma kommer kunde kunna lika lite man med medan mellan men mer mera mest mig min mina mitt
mot mycket många måste nej ni nog nu när nära någon något några och också om oss på redan samma samt sedan ser sig sin
sina sitt ska skall skulle som så sådan sådana sådant tar till tills trots tycker under upp ur ut utan vad var vara
varandra varför varit varje vart vem vems vet vi vid vidare vilka vilken vilket vill ville vår våra vårt än ännu är åt
över
"""

_DANISH = """
ad af al aldrig alle alt altid anden andet andre at bare bedre begge blandt blev blive bliver burde bør da de dem den
denne der deres derfor des det dette dig din dine disse dit dog du efter eller en end endnu er et fik flere flest for
fordi fra få får før gang gennem gik gjorde god gå går gør gøre ham han hans har havde have hele helt hen hende hendes
her hos hun hvad hvem hver hvilke hvilken hvilket hvis hvor hvordan hvorfor hvornår i igen ikke ind inden ingen intet
ja jeg jer jeres jo kan kom komme kommer kunne lad lidt lige man mange med meget mellem men mens mer mere mest mig min
mindre mine mit mod må måske ned nej nogen noget nogle nok nu når nær ofte og også om op os over på samme se selv ser
ses sig sin sine sit skal skulle som stadig så sådan tage tager til ud uden under var vare ved vi vil ville vor vores
være været
"""

_ENGLISH = """
a about after again all along also always am among an and any are aren't as at be because been before being below
between both but by can can't could couldn't did didn't do does doesn't doing don't down during each else even ever
every few for from get gets getting go goes going got had has hasn't have haven't having he her here hers him his how
i i'm if in into is isn't it it's its itself just let like lot lots make makes many may maybe me might more most much
must my myself need needs never no nor not now of off often on once one only or other others our ours out over own
really same she should shouldn't so some still such than that that's the their theirs them then there there's these
they they're this those through to too under until up us very was wasn't we we're were what when where which while who
whom why will with without won't would wouldn't yes yet you your yours
"""

STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sv": frozenset(_SWEDISH.split()),
        "da": frozenset(_DANISH.split()),
        "en": frozenset(_ENGLISH.split()),
    }
)
