import re
from pathlib import Path

from samspel.dialogues.live import HEARD_BY

PAGE = Path(__file__).parents[2] / "src/samspel/ui/scripts/page.js"


def test_pages_ask_again_for_everything_that_a_dialogue_tells() -> None:
    listed = re.search(r"const names = \[(.*)\];", PAGE.read_text(encoding="utf-8"))
    assert listed
    heard = set(re.findall(r"'(\w+)'", listed[1]))

    assert HEARD_BY.keys() <= heard
