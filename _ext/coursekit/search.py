"""What the book's search knows: `search.json` with each section, question, message and term of the finished pages.

Sphinx's own search finds pages, and only those that hold every word. Nobody's message is on a page as they have it.
"""

import json

from bs4 import BeautifulSoup

# Parts of a page that are not its text.
SILENT = ".headerlink, .katex-mathml, .verified, .elsewhere, script, style, .visually-hidden, .toggle-details, button"


def words_of(element):
    """Return the text of an element in one line; a word that is coloured in parts stays one."""
    for block in element.select("p, li, td, th, dt, dd, div, pre, br"):
        block.insert_after(" ")
    return " ".join(element.get_text().split())


def entries_of(html, url, kinds):
    """Yield what a page has to be found by: an entry for each section, and for each term or message by its own address.

    Parameters
    ----------
    html : str
        The page.
    url : str
        Its address from the site's root.
    kinds : dict of str to str
        What the entries are called below a page that is looked up, by the name of the page.
    """
    article = BeautifulSoup(html, "html.parser").select_one("article.bd-article")
    name = url.rpartition("/")[2].removesuffix(".html")
    for part in article.select(SILENT + (", details" if name == "doctor" else "")):  # there, programs of common words
        part.decompose()
    page = words_of(article.h1)
    named = [(term, term.find_next_sibling("dd")) for term in article.select("dt[id], dt:has([id])")]
    found = []
    for term, said in named:
        anchor = term.get("id") or term.select_one("[id]")["id"]
        named_as = anchor if name == "helpers" else words_of(term)  # a helper's signature lacks its module
        entry = {"url": f"{url}#{anchor}", "title": named_as, "page": page}
        found.append({**entry, "kind": kinds.get(name, "section"), "text": words_of(said)})
    for part in [part for pair in named for part in pair]:
        part.extract()
    for section in reversed(article.select("section[id]")):  # the inner ones first; what is left is the outer one's
        title = words_of(section.find(["h1", "h2", "h3", "h4"]).extract())
        kind = kinds.get(name, "section") if section.parent.name == "section" else "section"
        target = section.find("span", id=True, recursive=False)  # a name of the author's, where there is one
        anchor = "" if title == page else f"#{(target or section)['id']}"
        found.append({"url": url + anchor, "title": title, "page": page, "kind": kind, "text": words_of(section)})
        section.decompose()
    return [entry for entry in found[::-1] if entry["text"] or entry["title"]]


KINDS = {"questions": "question", "answers": "question", "messages": "message"}
KINDS |= {"terms": "term", "claims": "claim", "helpers": "helper"}


def write(site):
    """Write search.json for the chapters of a finished site."""
    pages = sorted((site / "chapters").rglob("*.html"))
    entries = [
        entry for page in pages for entry in entries_of(page.read_text(), page.relative_to(site).as_posix(), KINDS)
    ]
    (site / "search.json").write_text(json.dumps(entries, ensure_ascii=False, separators=(",", ":")))
