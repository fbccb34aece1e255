"""Addresses of accounts and administration."""

from functools import partial

from django.urls import include, path

from samspel.core.routes import route
from samspel.people import views

people = partial(route, owner="people")

urlpatterns = [
    people("account", views.account, name="account", act="person.self", limit="write"),
    people("administration", views.administration, name="administration", act="person.change"),
    people("administration/units", views.unit_list, name="unit_list", act="unit.change", limit="write"),
    people(
        "administration/units/<int:unit_id>", views.unit_change, name="unit_change", act="unit.change", limit="write"
    ),
    people("administration/providers", views.provider_list, name="provider_list", act="unit.change", limit="write"),
    people("administration/people", views.person_list, name="person_list", act="person.change", limit="write"),
    people(
        "administration/people/<int:person_id>",
        views.person_change,
        name="person_change",
        act="person.change",
        limit="write",
    ),
    people(
        "administration/people/<int:person_id>/roles",
        views.person_roles,
        name="person_roles",
        act="person.change",
        limit="write",
    ),
    people(
        "administration/people/<int:person_id>/link",
        views.person_link,
        name="person_link",
        act="person.change",
        limit="login",
    ),
    people("administration/staff", views.staff_import, name="staff_import", act="staff.import", limit="heavy"),
    people("administration/staff/template.csv", views.staff_template, name="staff_template", act="staff.import"),
    people("administration/defaults", views.default_list, name="default_list", act="defaults.change", limit="write"),
    path("accounts/", include("samspel.people.signing")),
]
