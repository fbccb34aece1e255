"""One page that publishes, so that a test can post as a phone does and hear what comes of it."""

import json

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from samspel.live.publish import Event, publish_on_commit


@csrf_exempt
@transaction.atomic
def say(request: HttpRequest, room: str) -> HttpResponse:
    """Publish what the body says: ``{"name": …, "audiences": […], "data": {…}}``."""
    said = json.loads(request.body)
    (number,) = publish_on_commit(Event(room, said["name"], tuple(said["audiences"]), said.get("data", {})))
    return JsonResponse({"number": number})


urlpatterns = [path("say/<str:room>", say)]
