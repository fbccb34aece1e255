"""Addresses of the dialogue, by the part of the day they belong to."""

from samspel.dialogues.urls import after, console, home, phone, plan, screen, table, tablet, whole

urlpatterns = [
    *home.urlpatterns,
    *phone.urlpatterns,
    *table.urlpatterns,
    *tablet.urlpatterns,
    *whole.urlpatterns,
    *plan.urlpatterns,
    *console.urlpatterns,
    *screen.urlpatterns,
    *after.urlpatterns,
]
