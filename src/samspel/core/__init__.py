"""What every part needs: actor, errors, audit trail, red thread, permissions, limits, defaults, mail."""
