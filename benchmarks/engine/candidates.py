"""How fast it is told who could help whom: `python -m benchmarks.engine.candidates [--smoke]`.

Posts are made here: half needs and half offers, one or two words of a kind of help in one of three languages among two
thousand other words, as rare as words are; areas of 2,500, some with a category, a window of time or a requirement.
Seconds are the processor's; the candidates of the smaller lists are checked.
"""

import argparse
import os
import resource
import time

# One thread: what several do at once would count several times.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from samspel.core.lexicon import shipped_kinds_of_help
from samspel.engine.candidates import Post, Problem, check, find
from samspel.engine.themes.words import LANGUAGES

OTHER_WORDS = 2_000


def make_posts(count: int, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    lexicon = shipped_kinds_of_help()
    syllables = [one + two for one in "bdfgklmnprstv" for two in "aeiouyåäö"]
    others = ["".join(rng.choice(syllables, 3)) for _ in range(OTHER_WORDS)]
    rarity = 1 / np.arange(1, OTHER_WORDS + 1)
    said = rng.choice(OTHER_WORDS, size=(count, 8), p=rarity / rarity.sum())
    kinds = rng.integers(len(lexicon.themes), size=count)
    areas = rng.integers(max(1, count // 2_500), size=count)
    posts = []
    for number in range(count):
        kind = lexicon.themes[kinds[number]]
        words = kind.words[LANGUAGES[rng.choice(3, p=[0.7, 0.2, 0.1])]]
        title = " ".join(words[at] for at in rng.integers(len(words), size=2))
        begins = int(rng.integers(300)) if rng.random() < 0.3 else None
        is_need = number % 2 == 0
        licence = frozenset({"licence"}) if rng.random() < 0.1 else frozenset[str]()
        posts.append(
            Post(
                str(number),
                "need" if is_need else "offer",
                f"person {rng.integers(count)}",
                title,
                " ".join(others[word] for word in said[number]),
                category=kind.id if rng.random() < 0.5 else "",
                area=f"area {areas[number]}",
                begins=begins,
                ends=None if begins is None else begins + 60,
                requires=licence if is_need else frozenset(),
                provides=frozenset() if is_need else licence,
            )
        )
    return Problem(tuple(posts), lexicon)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true", help="the smallest lists")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'posts':>8} {'CPU s':>8} {'pairs':>9} {'needs with one':>15} {'in the area':>12}")
    for count in (500, 2_000) if arguments.smoke else (2_000, 10_000, 100_000):
        problem = make_posts(count, 1)
        start = time.process_time()
        found = find(problem)
        seconds = time.process_time() - start
        wrong = check(problem, found) if count <= 10_000 else []
        if wrong:
            raise SystemExit(f"{count} posts: {'; '.join(wrong[:3])}")
        met = len(np.unique(found.needs)) / (count / 2)
        near = (found.parts[:, 2] == 1).mean()
        print(f"{count:8} {seconds:8.2f} {len(found):9} {met:14.1%} {near:11.1%}", flush=True)
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MB")


if __name__ == "__main__":
    main()
