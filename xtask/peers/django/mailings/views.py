"""The list of mailings with the app's queries."""

from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import render

from .models import Attempt, Mailing, MailingRecipient

PAGE_SIZE = 50


def mailing_list(request):
    mailings = Mailing.objects.select_related("message").order_by("pk")
    page = Paginator(mailings, PAGE_SIZE).get_page(request.GET.get("page"))
    ids = [mailing.pk for mailing in page]
    recipients = MailingRecipient.objects.filter(mailing__in=ids).values_list("mailing_id").annotate(Count("pk"))
    attempts = (
        Attempt.objects.filter(mailing__in=ids).values_list("mailing_id", "run_number", "status").annotate(Count("pk"))
    )
    recipients = dict(recipients)
    attempts = {key: count for *key, count in attempts for key in [tuple(key)]}
    for mailing in page:
        mailing.recipients = recipients.get(mailing.pk, 0)
        mailing.sent = attempts.get((mailing.pk, mailing.current_run, "success"), 0)
        mailing.failed = attempts.get((mailing.pk, mailing.current_run, "failure"), 0)
    return render(request, "mailings/list.html", {"page": page})
