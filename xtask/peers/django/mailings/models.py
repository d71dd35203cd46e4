"""The app's tables, as far as the page needs them."""

from django.db import models


class Message(models.Model):
    subject = models.CharField(max_length=255)
    body = models.TextField()


class Mailing(models.Model):
    class Status(models.TextChoices):
        CREATED = "created", "Created"
        RUNNING = "running", "Running"
        COMPLETED = "completed", "Completed"

    start_datetime = models.DateTimeField()
    end_datetime = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status)
    message = models.ForeignKey(Message, on_delete=models.PROTECT)
    is_active = models.BooleanField(default=True)
    current_run = models.IntegerField(default=0)


class MailingRecipient(models.Model):
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE)

    class Meta:
        db_table = "mailings_mailing_recipients"


class Attempt(models.Model):
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE)
    run_number = models.IntegerField()
    status = models.CharField(max_length=16)
