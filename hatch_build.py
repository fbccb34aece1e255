"""Puts what is made from sources into the wheel: the built front end and the compiled translations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MakeBeforePacking(BuildHookInterface[Any]):
    """Runs the same two scripts as `make demo` does, then adds the files that git does not know."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable installation is only a path; the set-up (scripts/bootstrap.py) builds beside it."""
        if version == "editable":
            return
        root = Path(self.root)
        subprocess.run([sys.executable, str(root / "scripts/build_frontend.py")], check=True)
        subprocess.run([sys.executable, str(root / "scripts/messages.py"), "compile"], check=True)
        build_data["artifacts"] += [
            "src/samspel/ui/static/samspel/build/**",
            "src/samspel/**/locale/*/LC_MESSAGES/*.mo",
        ]
