import json
from pathlib import Path

import pytest

from samspel.engine.choosing import check, solve

from .profiles import read_pb

# Winners at three places by abcvoting 2.19.2 (equal shares with Phragmén completion, fractions, lowest index first).
WINNERS: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[2] / "data" / "engine" / "equal-shares-winners.json").read_text(encoding="utf-8")
)


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(WINNERS))
def test_a_real_election_has_the_same_winners_as_abcvoting(data_dir: Path, name: str):
    problem = read_pb(data_dir / "voting" / name)

    solution = solve(problem)

    assert set(solution.winners) == set(WINNERS[name])
    assert check(problem, solution) == []
