"""A person at a browser: opens what the suite asks for, and does what our pages ask for."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from pages import Page

ADDRESS = "ann@example.test"
# Pages that need no more than a press of the button; `answer-form` is the one that posts itself to the application.
BUTTONS = ["skip-form", "continue-form", "continue-1", "consent-form", "sign-out-form", "answer-form"]
MOST_PAGES = 12


class Person:
    """Has a browser of their own, without cookies at first."""

    def __init__(self, issuer, mailbox, tls):
        self._issuer, self._mailbox, self._letters = issuer, mailbox, 0
        handlers = [urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.HTTPSHandler(context=tls)]
        self._browser = urllib.request.build_opener(*handlers)
        self._browser.addheaders = [("Accept-Language", "en"), ("User-Agent", "conformance")]
        # The pages on the way, by status and heading.
        self.saw = []

    def visit(self, url, method="GET", habit="sign in"):
        """Goes to `url` and on, until there is nothing more to do. By habit people `sign in`; some `refuse`, and
        some only `look`."""
        address, _, query = url.partition("?")
        page = self._open(address, query) if method == "POST" else self._open(url)
        for _ in range(MOST_PAGES):
            if not self._is_ours(page.url):
                return self._hand_over(page)
            self.saw.append(f"{page.status} {page.heading}")
            form, typed = self._next(page, habit)
            if form is None:
                return None
            fields = urllib.parse.urlencode(form.fields | typed)
            page = self._open(urllib.parse.urljoin(page.url, form.action), fields, self._issuer)
        raise RuntimeError(f"it does not end: {self.saw}")

    def _next(self, page, habit):
        if habit == "look":
            return None, {}
        if habit == "refuse" and (form := page.form("cancel-form")):
            return form, {}
        if form := page.form("email-form"):
            return form, {"email": ADDRESS}
        if form := page.form("code-form"):
            return form, {"code": self._mailbox.code(self._letters)}
        return page.form(*BUTTONS), {}

    def _hand_over(self, page):
        """The suite's page at the end has a script that tells the suite what stood behind `#`: nothing."""
        found = re.search(r"xhr\.open\('POST', \"([^\"]+)\"", page.html)
        if found:
            self._open(found[1].replace("\\/", "/"), "", kind="text/plain")

    def _is_ours(self, url):
        return url == self._issuer or url.startswith(f"{self._issuer}/")

    def _open(self, url, body=None, origin=None, kind="application/x-www-form-urlencoded"):
        headers = {"Content-Type": kind} if body is not None else {}
        request = urllib.request.Request(url, body.encode() if body is not None else None, headers)
        if origin:
            request.add_header("Origin", origin)
        self._letters = self._mailbox.count()
        try:
            answer = self._browser.open(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Page(answer.url, answer.status, answer.read().decode(errors="replace"))
