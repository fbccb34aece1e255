"""How well offers are found that fit a need, beside tf-idf: `python -m benchmarks.engine.help_pairs`.

Needs and offers with what fits were written by somebody who had not seen the code (help-pairs.md). Recall at ten is the
share of a need's fitting offers that are among its ten best of all offers, as the mean over needs. `tune` is what
words and weights were chosen with; `--half final` is for the published figure. What is told too: how many pairs fit
of those whose words and kinds of help are so alike, and the gain of weights learned from these pairs.
"""

import argparse
import csv
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy import sparse

from samspel.core.lexicon import shipped_kinds_of_help
from samspel.engine.candidates import Judged, Kind, Post, Problem, describe_learned, find, learn
from samspel.engine.candidates.finding import parts_of
from samspel.exchange.alike import alike

HERE = Path(__file__).parent
BEST = 10
ON_THE_DESK = 24  # offers for each need, as in exchange.chosen
CUTS = (0, 20, 30, 40, 45, 50, 60)
_KIND: dict[str, Kind] = {"need": "need", "offer": "offer"}


def read(half: str) -> tuple[list[Post], dict[str, str], dict[tuple[str, str], bool]]:
    """All offers and the needs of one half, their languages, and what is said of pairs."""
    with (HERE / "help-pairs.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["half"] == half]
    pairs = {(row["need"], row["offer"]): row["fits"] == "1" for row in rows}
    wanted = {need for need, _ in pairs}
    with (HERE / "help-posts.tsv").open(encoding="utf-8") as file:
        posts = [*csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    posts = [row for row in posts if row["kind"] == "offer" or row["id"] in wanted]
    language = {row["id"]: row["language"] for row in posts}
    made = [Post(row["id"], _KIND[row["kind"]], "", row["title"], row["text"]) for row in posts]
    return made, language, pairs


def tf_idf(posts: list[Post]) -> dict[str, list[str]]:
    """The ten offers nearest each need by tf-idf: lower-cased words of two letters or more, smooth idf, cosine."""
    counts = [Counter(re.findall(r"\b\w\w+\b", f"{post.title}\n{post.text}".lower())) for post in posts]
    place = {word: at for at, word in enumerate(sorted(set().union(*counts)))}
    rows = [at for at, one in enumerate(counts) for _ in one]
    columns, values = [place[word] for one in counts for word in one], [n for one in counts for n in one.values()]
    terms = sparse.csr_matrix((np.array(values, dtype=float), (rows, columns)), shape=(len(posts), len(place)))
    held = np.asarray((terms > 0).sum(axis=0)).ravel()
    terms = sparse.csr_matrix(terms.multiply(np.log((1 + len(posts)) / (1 + held)) + 1))
    lengths = np.sqrt(np.asarray(terms.multiply(terms).sum(axis=1)).ravel())
    terms = sparse.csr_matrix(terms.multiply(1 / np.maximum(lengths, 1e-12)[:, None]))
    offers = np.array([at for at, post in enumerate(posts) if post.kind == "offer"])
    needs = [at for at, post in enumerate(posts) if post.kind == "need"]
    found = {}
    for need in needs:
        likeness = (terms[offers] @ terms[[need]].T).toarray().ravel()
        order = np.lexsort((offers, -likeness))[:BEST]
        found[posts[need].id] = [posts[at].id for at in offers[order[likeness[order] > 0]].tolist()]
    return found


def candidates(problem: Problem) -> dict[str, list[str]]:
    pairs = find(problem)
    found: dict[str, list[str]] = {}
    for offer, need in zip(pairs.offers.tolist(), pairs.needs.tolist(), strict=True):
        found.setdefault(problem.posts[need].id, []).append(problem.posts[offer].id)
    return found


def recalls(found: dict[str, list[str]], pairs: dict[tuple[str, str], bool]) -> dict[str, float]:
    fitting: dict[str, set[str]] = {}
    for (need, offer), fits in pairs.items():
        if fits:
            fitting.setdefault(need, set()).add(offer)
    return {
        need: len(offers.intersection(found.get(need, [])[:BEST])) / len(offers) for need, offers in fitting.items()
    }


def judged(problem: Problem, pairs: dict[tuple[str, str], bool]) -> Judged:
    place = {post.id: at for at, post in enumerate(problem.posts)}
    needs, offers = (np.array([place[pair[side]] for pair in pairs]) for side in (0, 1))
    return Judged(parts_of(problem, offers, needs), np.array([*pairs.values()]), needs)


def precision_at_cuts(posts: list[Post], pairs: dict[tuple[str, str], bool]) -> Iterator[str]:
    """Of the pairs that the desk would have, how many fit when those below a cut are told as weaker."""
    problem = Problem(tuple(posts), shipped_kinds_of_help(), most=ON_THE_DESK)
    found = find(problem)
    ids = zip(found.needs.tolist(), found.offers.tolist(), strict=True)
    fits = np.array([pairs.get((posts[need].id, posts[offer].id), False) for need, offer in ids])
    told = np.array([alike(found.parts_of(pair)) for pair in range(len(found))])
    yield f"{len(found)} pairs found, {fits.sum()} of {sum(pairs.values())} that fit among them"
    yield f"{'alike':>10} {'pairs':>6} {'precision':>10} {'recall':>7} {'of all':>7} {'precision below':>16}"
    for cut in CUTS:
        above = told >= cut
        below = f"{fits[~above].mean():16.2f}" if (~above).any() else ""
        of_found, of_all = fits[above].sum() / fits.sum(), fits[above].sum() / sum(pairs.values())
        yield f"{cut:10} {above.sum():6} {fits[above].mean():10.2f} {of_found:7.2f} {of_all:7.2f} {below}"


def ratio_interval(ours: npt.NDArray[np.float64], plain: npt.NDArray[np.float64]) -> tuple[float, float]:
    """By drawing needs anew ten thousand times."""
    drawn = np.random.default_rng(1).integers(len(ours), size=(10_000, len(ours)))
    low, high = np.quantile(ours[drawn].mean(axis=1) / plain[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--half", choices=("tune", "final"), default="tune")
    parser.add_argument("--smoke", action="store_true", help="changes nothing: it takes a second")
    half = parser.parse_args().half
    posts, language, pairs = read(half)
    problem = Problem(tuple(posts), shipped_kinds_of_help(), most=BEST)
    ours, plain = recalls(candidates(problem), pairs), recalls(tf_idf(posts), pairs)
    print(f"{half}: {len(ours)} needs, {len(posts) - len(ours)} offers, {sum(pairs.values())} fitting pairs")
    print(f"{'needs in':>10} {'needs':>6} {'recall at 10':>13} {'tf-idf':>7} {'ratio':>6}")
    for name in ("sv", "da", "en", "all"):
        some = [need for need in ours if name in (language[need], "all")]
        mine, theirs = (np.mean([recall[need] for need in some]) for recall in (ours, plain))
        print(f"{name:>10} {len(some):6} {mine:13.3f} {theirs:7.3f} {mine / theirs:6.2f}")
    low, high = ratio_interval(*(np.array([recall[need] for need in ours]) for recall in (ours, plain)))
    print(f"the ratio is {low:.2f} to {high:.2f} (95 %, needs drawn anew)")
    for row in precision_at_cuts(posts, pairs):
        print(row)
    for description in describe_learned(learn(judged(problem, pairs))):
        print(description.text)


if __name__ == "__main__":
    main()
