"""Addresses of the dialogue, by the part of the day they belong to."""

from samspel.dialogues.urls import after, console, phone, plan, screen, table, whole

urlpatterns = [
    *phone.urlpatterns,
    *table.urlpatterns,
    *whole.urlpatterns,
    *plan.urlpatterns,
    *console.urlpatterns,
    *screen.urlpatterns,
    *after.urlpatterns,
]
