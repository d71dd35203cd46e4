"""The page that is measured, and those that its links name."""

from django.http import HttpResponse
from django.urls import path

from mailings.views import mailing_list


def empty(request):
    """Only its address is asked for."""
    return HttpResponse()


urlpatterns = [
    path("", empty, name="home"),
    path("login/", empty, name="login"),
    path("mailings/", mailing_list, name="mailings"),
]
