"""Addresses of the hall together: ballot, result, agreements, check-out."""

from functools import partial

from samspel.core.routes import route
from samspel.dialogues.views import agreements, whole

seat = partial(route, owner="dialogues")
# Whoever sits here may look: when the step has gone on she is led back.
page = partial(seat, look="seat.read", limit="write")

urlpatterns = [
    seat("m/<str:code>/ballot", whole.ballot, name="ballot", act="ballot.cast", limit="write"),
    seat("m/<str:code>/result.pdf", whole.pdf, name="dialogue_result_pdf", act="result.read", limit="heavy"),
    page("m/<str:code>/agreements", agreements.agreements, name="agreements", act="agreement.write"),
    seat(
        "m/<str:code>/agreements/before/<int:agreement_id>",
        agreements.tell_here,
        name="agreement_tell",
        act="agreement.answer",
        limit="write",
    ),
    page("m/<str:code>/checkout", agreements.checkout, name="checkout", act="checkout.answer"),
    seat(
        "dialogues/<int:dialogue_id>/agreements",
        agreements.lead,
        name="dialogue_agreements",
        act="agreement.write",
        limit="write",
    ),
    seat(
        "agreements/<int:agreement_id>/answer",
        agreements.answer,
        name="agreement_answer",
        act="agreement.answer",
        limit="write",
    ),
]
