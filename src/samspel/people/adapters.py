"""Sign-in: accounts are made by an administrator or come from the identity provider, never by sign-up."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest

from samspel.core.mail import Letter, send_on_commit


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a letter in which every address is SAMSPEL_SITE_URL's.

        The page's own address comes from its Host header, which anybody who asks for the letter can choose. And who
        asks does not wait for the mail server, which may take longer for an address that has an account.
        """
        site = {"name": "Samspel", "domain": urlsplit(settings.SITE_URL).netloc}
        addresses = {
            name: f"{settings.SITE_URL}{urlsplit(value).path}"
            for name, value in context.items()
            if name.endswith("_url")
        }
        letter = self.render_mail(
            template_prefix, email, {**context, **addresses, "email": email, "current_site": site}
        )
        send_on_commit(Letter(email, letter.subject, letter.body))


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Whoever the organisation's own sign-in vouches for is let in; a known address joins the known person."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return True

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Any:
        person = super().populate_user(request, sociallogin, data)
        first, last = data.get("first_name") or "", data.get("last_name") or ""
        person.name = (data.get("name") or f"{first} {last}").strip() or str(data.get("email", "")).split("@")[0]
        person.email = str(data.get("email") or "").lower()
        return person
