"""What kep_solver finds: run by a Python that has it, never by Samspel's own: `matching_peer.py POOL picef 120`.

Rings of three, chains of three transfers; prints one JSON object with the value and the processor's seconds for
building and solving. No process uses more seconds than the last argument, or more than four gigabytes. Its chains
count the giver, and its own scores add one for a chain's tail: hence the plain sum.
"""

import gzip
import json
import resource
import sys

from kep_solver.entities import Donor, Instance, Transplant
from kep_solver.model import PICEF, CycleAndChainModel, Objective, Sense
from kep_solver.programme import Programme

MOST_BYTES = 4 * 2**30


class Weights(Objective):
    """The sum of weights of what is given."""

    def __init__(self):
        pass

    def edgeValue(self, graph, edge, position=None):
        return 0 if edge.end.isNdd() else edge.donor.getTransplantTo(edge.end.donor.recipient).weight

    def describe(self):
        return "Sum of weights"

    @property
    def sense(self):
        return Sense.MAX


def main():
    instance = Instance()
    path, formulation, patience_s = sys.argv[1:]
    for what, most in ((resource.RLIMIT_CPU, int(patience_s)), (resource.RLIMIT_AS, MOST_BYTES)):
        resource.setrlimit(what, (most, most))  # and so has what it starts
    donors, recipients = {}, {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if line.startswith("# ALTERNATIVE NAME"):
                number, name = line.removeprefix("# ALTERNATIVE NAME").split(":")
                donor = donors[int(number)] = Donor(number.strip())
                if name.strip().startswith("Altruist"):
                    donor.NDD = True
                else:
                    recipients[int(number)] = donor.recipient = instance.recipient(number.strip())
                    donor.recipient.addDonor(donor)
                instance.addDonor(donor)
            elif not line.startswith("#"):
                giver, taker, weight = line.split(",")
                instance.addTransplant(Transplant(donors[int(giver)], recipients[int(taker)], float(weight)))
    model = {"picef": PICEF, "cycle": CycleAndChainModel}[formulation]
    programme = Programme([Weights()], 3, 4, "", full_details=False, model=model)
    before = _seconds()
    solution, _ = programme.solve_single(instance)
    print(json.dumps({"value": solution.values[0], "seconds": _seconds() - before}))


def _seconds():
    own, solver = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + solver.ru_utime + solver.ru_stime


if __name__ == "__main__":
    main()
