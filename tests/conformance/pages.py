"""Forms of a page, as a browser without scripts sees them."""

from html.parser import HTMLParser


class Form:
    def __init__(self, attributes):
        self.id, self.action = attributes.get("id"), attributes["action"]
        self.fields = {}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.heading, self._open, self._in_heading = [], "", None, False

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self._open = Form(attributes)
            self.forms.append(self._open)
        elif tag == "input" and attributes.get("name") and self._open:
            self._open.fields[attributes["name"]] = attributes.get("value") or ""
        self._in_heading = tag == "h1"

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None
        if tag == "h1":
            self._in_heading = False

    def handle_data(self, data):
        if self._in_heading:
            self.heading += data


class Page:
    """What was answered, and where."""

    def __init__(self, url, status, html):
        self.url, self.status, self.html = url, status, html
        reader = _Reader()
        reader.feed(html)
        self.forms, self.heading = reader.forms, " ".join(reader.heading.split())

    def form(self, *ids):
        """The first form of these ids, in this order."""
        return next((form for id in ids for form in self.forms if form.id == id), None)
