"""``samspel import encounters`` in small pieces, for test_take_in: run in the installation under test.

importing.py FILE [LIMIT] [forgetful]      no file may be larger than LIMIT bytes (0: any); ``forgetful`` knows no
                                           row from an earlier run, which must double some
"""

import resource
import secrets
import signal
import sys
from pathlib import Path

from samspel import cli

path, limit, *more = sys.argv[1:]
set_up = cli.set_up


def set_up_small() -> None:
    set_up()
    from samspel.encounters import files

    files.PIECE_BYTES = 20_000  # type: ignore[misc]
    if more:
        files.digest_of = lambda _path: secrets.token_bytes(32)


cli.set_up = set_up_small
if int(limit):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
sys.exit(cli.main(["import", "encounters", path, "--rejected", str(Path(path).with_suffix(".rejected.csv"))]))
