from django.test import Client

from samspel.people.models import Person


def test_who_signs_in_is_told_so_in_plain_words(client: Client, db: None) -> None:
    Person.objects.create_user(email="karin@lindvik.example", name="Karin O’Neill & Co", password="tillit-i-salen")

    page = client.post(
        "/accounts/login/", {"login": "karin@lindvik.example", "password": "tillit-i-salen"}, follow=True
    ).content.decode()

    assert "Du är inloggad som Karin O’Neill &amp; Co." in page
