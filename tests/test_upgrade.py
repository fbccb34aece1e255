"""An upgrade from a filled older schema keeps every row."""

import secrets
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from tests.embedded import drop
from tests.people import WHEN

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
                drop(cursor.connection, name)
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
                is_active) VALUES (700, 'eget', '{"sv": "Vårt eget"}', '{}', 90, 1, false, '{}', true);
            INSERT INTO dialogues_dialogue (id, unit_id, template_id, title, language, place, starts_at, state, code,
                slug, created_at, created_by_id, is_rehearsal, has_seating, group_size, places, seating_seed,
                seating_told, screen, is_dark, shows_code, is_locked, needs_review, words_reviewed, shows_results,
                ballot_open, checkout_open, revealed, lone_shown, is_public, closed_reason, delegation)
            SELECT n, 1, 700, 'Samtal ' || n, 'sv', '', now(), 'planned', lpad((100000 + n)::text, 6, '0'), 'slug' || n,
                now(), 1, false, true, 3, 3, 0, '{}', 'auto', false, true, false, true, false, false, false, false, 0,
                0, true, '', '' FROM generate_series(1, 250) AS n;
            UPDATE dialogues_dialogue SET state = 'closed', opened_at = now(), closed_at = now() WHERE id <= 210;
            INSERT INTO dialogues_table (id, dialogue_id, number, name, size, is_accessible)
            SELECT id, id, 1, 'Eldkvarn', 8, true FROM dialogues_dialogue;
            INSERT INTO dialogues_seat (id, dialogue_id, number, kind, secret_hash, name, unit, role, language,
                is_made_up, joined_at, seen_at, key)
            SELECT id, id, 1, 'phone', 'hash', '', '', '', 'sv', false, now(), now(), 'k' FROM dialogues_dialogue;
            INSERT INTO dialogues_note (dialogue_id, question, seat_id, table_id, source, text, key, written_at,
                shared_at)
            SELECT id, 1, id, id, 'phone', 'Tid', 'n', now(), now() FROM dialogues_dialogue;
            INSERT INTO dialogues_ballot (seat_id, question, cast_at) SELECT id, 1, now() FROM dialogues_dialogue;
            INSERT INTO core_auditentry (at, actor_kind, verb, object_type, object_id, facts) VALUES
                (now(), 'seat', 'notes.shared', 'dialogues.seat', 3, '{"seat": 3, "notes": 1}'),
                (now(), 'seat', 'seat.named', 'dialogues.seat', 3, '{"seat": 3}');
            """
        )

    call_command("migrate", interactive=False, verbosity=0)

    from samspel.core.models import AuditEntry
    from samspel.dialogues.models import Ballot, Dialogue, Note, Template
    from samspel.people.models import Role

    assert Dialogue.objects.count() == 250
    assert Dialogue.objects.get(pk=250).title == "Samtal 250"
    assert Template.objects.get(key="eget").name == {"sv": "Vårt eget"}
    assert set(Template.objects.values_list("key", flat=True)) > {"eget"}
    assert Role.objects.get().kind == "facilitator"
    # Meetings that are closed forget who said what; those that go on need it.
    assert Note.objects.count() == Ballot.objects.count() == 250
    assert set(Note.objects.exclude(seat=None).values_list("dialogue_id", flat=True)) == set(range(211, 251))
    assert set(Ballot.objects.exclude(seat=None).values_list("dialogue_id", flat=True)) == set(range(211, 251))
    assert set(Ballot.objects.values_list("dialogue_id", flat=True)) == set(range(1, 251))
    assert list(AuditEntry.objects.order_by("pk").values_list("object_id", "facts")) == [
        (0, {"notes": 1}),
        (3, {"seat": 3}),
    ]

    call_command("migrate", interactive=False, verbosity=0)
    assert Dialogue.objects.count() == 250


def test_links_that_were_used_are_so_still_and_no_longer_say_when(older_database: None) -> None:
    before = MigrationExecutor(connection)
    before.migrate([("encounters", "0010_fewer_indexes")])
    row = before.loader.project_state([("encounters", "0010_fewer_indexes")]).apps.get_model
    unit = row("people", "Unit").objects.create(name="Vägledningscentrum", path="/1/")
    point = row("encounters", "Point").objects.create(unit=unit, kind="link", code="a", title="Brev", opened_at=WHEN)
    for number, used_at in enumerate((None, WHEN)):
        row("encounters", "Invitation").objects.create(
            point=point, secret=bytes([number]), made_at=WHEN, expires_at=WHEN, used_at=used_at
        )

    call_command("migrate", interactive=False, verbosity=0)

    from samspel.encounters.models import Invitation

    assert list(Invitation.objects.order_by("pk").values_list("is_used", flat=True)) == [False, True]
