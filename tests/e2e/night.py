"""The coming night, now: pairs are opened and counted, patterns are looked at. Prints what came of it as JSON."""

import json
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from django.utils.timezone import localdate, now

    from samspel.encounters import compaction, compute_signals
    from samspel.encounters.actions.pairing import open_due
    from samspel.encounters.models import Answer

    at = now() + timedelta(hours=1)
    open_due(at)
    compaction.refresh(at)
    signals = compute_signals.find_changes(at)
    today = Answer.objects.filter(day=localdate(), other_level__isnull=False).order_by("side")
    print(
        json.dumps(
            {
                "pairs": [
                    [answer.side, answer.level, answer.other_level] for answer in today.filter(point__kind="staff")
                ],
                "signals": [signal.words for signal in signals],
            }
        )
    )


if __name__ == "__main__":
    main()
