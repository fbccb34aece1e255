"""The real elections of the data folder: beside recorded winners, and beside the peers themselves where these are."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samspel.engine.choosing import Rule, Value, check, pabulib, solve

from .elections import ORACLE_PYTHON, WHY_NOT, Peers, read_election

# Winners at three places by abcvoting 2.19.2 (equal shares with Phragmén completion, fractions, lowest index first).
WINNERS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[2] / "data" / "engine" / "equal-shares-winners.json").read_text(encoding="utf-8")
)

pytestmark = pytest.mark.data
peers_needed = pytest.mark.skipif(not ORACLE_PYTHON, reason=WHY_NOT)


@pytest.mark.parametrize("name", sorted(WINNERS))
def test_a_real_election_has_the_same_winners_as_abcvoting(data_dir: Path, name: str):
    problem = read_election(data_dir / "voting" / name).for_places(3)

    solution = solve(problem)

    assert set(solution.winners) == set(WINNERS[name])
    assert check(problem, solution) == []


def test_every_real_election_is_read_and_written_without_loss(data_dir: Path):
    files = sorted((data_dir / "voting").glob("*.pb.gz"))

    for file in files:
        election = read_election(file)
        again = pabulib.read(pabulib.write(election))
        assert (again.kind, again.meta, again.projects) == (election.kind, election.meta, election.projects)
        assert (again.ballots, again.voter_ids) == (election.ballots, election.voter_ids)
    assert len(files) > 100


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    with Peers() as peers:
        yield peers


@peers_needed
@pytest.mark.slow
@pytest.mark.parametrize("rule", ["most-marks", "seq-pav", "pav", "cc", "phragmen", "equal-shares"])
def test_three_places_go_to_the_same_as_with_abcvoting_on_every_file(data_dir: Path, peers: Peers, rule: Rule):
    for file in sorted((data_dir / "voting").glob("*.pb.gz")):
        problem = read_election(file).for_places(3)

        assert set(solve(problem, rule=rule).winners) == peers.ask(problem, rule)["winners"], file.name


@peers_needed
@pytest.mark.slow
@pytest.mark.parametrize("value", ["cost", "marks", "points"])
@pytest.mark.parametrize("rule", ["equal-shares", "greedy"])
def test_a_budget_is_spent_on_the_same_as_with_pabutools_on_every_file(
    data_dir: Path, peers: Peers, rule: Rule, value: Value
):
    for file in sorted((data_dir / "voting").glob("*.pb.gz")):
        election = read_election(file)
        if value != "points" or election.kind == "cumulative":
            problem = election.for_budget(value)

            assert set(solve(problem, rule=rule).winners) == peers.ask(problem, rule)["winners"], file.name


@peers_needed
@pytest.mark.slow
def test_rankings_elect_the_same_as_with_pref_voting_on_every_file(data_dir: Path, peers: Peers):
    for file in sorted((data_dir / "voting").glob("*.pb.gz")):
        election = read_election(file)
        if election.kind == "ordinal":
            problem = election.for_places(3)

            assert set(solve(problem, rule="stv").winners) == peers.ask(problem, "stv")["winners"], file.name
