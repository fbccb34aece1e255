"""An upgrade from a filled older schema keeps every row."""

import secrets
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

# The schema as the first version had it.
OLDER = [
    ("core", "0001_initial"),
    ("core", "0002_initial"),
    ("people", "0001_initial"),
    ("encounters", "0002_initial"),
    ("dialogues", "0002_initial"),
]


@pytest.fixture
def older_database(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Another, empty database for this test, at the older schema."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        name = f"upgrade_{secrets.token_hex(4)}"
        settings = connection.settings_dict
        before = settings["NAME"]
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        connections.close_all()
        settings["NAME"] = name
        try:
            MigrationExecutor(connection).migrate(OLDER)
            yield
        finally:
            connections.close_all()
            settings["NAME"] = before
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connections.close_all()


def test_a_filled_older_schema_comes_to_the_newest_with_every_row(older_database: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO people_unit (id, name, path) VALUES (1, 'Vägledningscentrum', '/1/');
            INSERT INTO people_person (id, password, email, name, profession, language, is_active, is_administrator,
                created_at) VALUES (1, '!', 'anna@lindvik.example', 'Anna', '', '', true, true, now());
            INSERT INTO people_role (person_id, unit_id, kind) VALUES (1, 1, 'facilitator');
            INSERT INTO dialogues_template (id, key, name, about, position, questions, is_unattended, reminders,
                is_active) VALUES (7, 'eget', '{"sv": "Vårt eget"}', '{}', 90, 1, false, '{}', true);
            INSERT INTO dialogues_dialogue (id, unit_id, template_id, title, language, place, starts_at, state, code,
                slug, created_at, created_by_id, is_rehearsal, has_seating, group_size, places, seating_seed,
                seating_told, screen, is_dark, shows_code, is_locked, needs_review, words_reviewed, shows_results,
                ballot_open, checkout_open, revealed, lone_shown, is_public, closed_reason, delegation)
            SELECT n, 1, 7, 'Samtal ' || n, 'sv', '', now(), 'planned', lpad((100000 + n)::text, 6, '0'), 'slug' || n,
                now(), 1, false, true, 3, 3, 0, '{}', 'auto', false, true, false, true, false, false, false, false, 0,
                0, true, '', '' FROM generate_series(1, 250) AS n;
            """
        )

    call_command("migrate", interactive=False, verbosity=0)

    from samspel.dialogues.models import Dialogue, Template
    from samspel.people.models import Role

    assert Dialogue.objects.count() == 250
    assert Dialogue.objects.get(pk=250).title == "Samtal 250"
    assert Template.objects.get(key="eget").name == {"sv": "Vårt eget"}
    assert set(Template.objects.values_list("key", flat=True)) > {"eget"}
    assert Role.objects.get().kind == "facilitator"

    call_command("migrate", interactive=False, verbosity=0)
    assert Dialogue.objects.count() == 250
