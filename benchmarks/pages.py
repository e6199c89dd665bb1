"""What a page of the book costs its reader: bytes, requests, barriers and console messages, beside two other books.

Each page is opened in Chromium with a cold cache, in the light theme on a desk (1280 × 800), and scrolled to its end.

`make bench BENCH=pages` measures this site. Another built site is measured by `python -m benchmarks.pages FOLDER`.
"""

import argparse
import functools
import gzip
import json
import shutil
import statistics
import sys
import textwrap
import threading
from contextlib import contextmanager
from datetime import date
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from benchmarks import harness
from benchmarks.harness import table

ROOT = harness.FOLDER.parent
SITE = ROOT / "_build" / "html"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

READER = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
TEXT = {".html", ".css", ".js", ".mjs", ".svg", ".json", ".txt"}  # what a web server compresses
FIGURES = ("kib", "requests", "foreign", "axe", "console")

# Half a screen at a time: what loads only when it comes near must come near.
SCROLL = """async () => {
  const to = (top) => window.scrollTo({ top, behavior: "instant" });
  for (let top = 0; top < document.documentElement.scrollHeight; top += window.innerHeight / 2) {
    to(top);
    await new Promise((done) => setTimeout(done, 50));
  }
  to(0);
}"""

# Of what passes axe need not say where it is.
VIOLATIONS = """async (part) => (await axe.run(part ?? document, { resultTypes: ["violations"] })).violations.flatMap(
  (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}`))"""


# The browser and the server


@contextmanager
def launched():
    """Start the machine's Chromium and give it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise FileNotFoundError(f"there is no browser to read the pages with (looked for {', '.join(names)})")
    # The switches keep the browser itself from using the network and from needing a screen or a sandbox.
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*switches, "--disable-sync", "--no-first-run"]
        )
        yield browser
        browser.close()


class Server(SimpleHTTPRequestHandler):
    """Serves files and writes nothing to the terminal."""

    def log_message(self, *args):
        """Stay silent."""


@contextmanager
def served(folder):
    """Serve a folder on a free port and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


# One page


def wire_size(url, body):
    """Return the bytes that a file takes on the wire: text is compressed as web servers do, the rest is sent as it is.

    Parameters
    ----------
    url : str
        The address of the file; its ending tells whether it is text.
    body : bytes
        The content of the file.

    Returns
    -------
    int
    """
    is_text = Path(urlsplit(url).path).suffix in TEXT
    return len(gzip.compress(body, 6)) if is_text and body else len(body)


def settle(page, asked, ended):
    """Wait until no request was open or new for half a second."""
    for _ in range(120):
        before = len(asked)
        page.wait_for_timeout(500)
        if before == len(asked) == len(ended):
            return
    raise TimeoutError(f"{page.url} still loads after a minute: {sorted(asked.keys() - ended)}")


def read_page(browser, address, name, copies=None, barriers=True):
    """Open one page with a cold cache, scroll through it and return what it cost, as `read_site` describes."""
    context = browser.new_context(**READER)
    page = context.new_page()
    asked, ended, console = {}, set(), []  # by address: when a page asks again, the cache answers

    def started(request):
        if not request.url.startswith(("data:", "blob:")):
            asked[request.url] = request

    def stopped(request):
        if request.url in asked:
            ended.add(request.url)

    def said(message):
        if message.type in ("error", "warning"):
            console.append(f"{message.type}: {message.text}")

    def answer_from_copies(route):
        url = urlsplit(route.request.url)
        file = Path(copies, url.netloc, url.path.lstrip("/"))
        content = {"path": file} if file.is_file() else {"body": ""}
        route.fulfill(headers={"access-control-allow-origin": "*"}, **content)

    page.on("request", started)
    page.on("requestfinished", stopped)
    page.on("requestfailed", stopped)
    page.on("console", said)
    page.on("pageerror", lambda error: console.append(f"uncaught: {error}"))
    if copies:
        context.route(lambda url: not url.startswith((address, "data:", "blob:")), answer_from_copies)

    page.goto(address + name)
    settle(page, asked, ended)
    page.evaluate(SCROLL)
    settle(page, asked, ended)
    answers = {url: request.response() for url, request in asked.items()}
    sizes = [wire_size(url, answer.body()) for url, answer in answers.items() if answer and answer.ok]
    result = {
        "name": name,
        "kib": sum(sizes) / 1024,
        "requests": len(asked),
        "asked": sorted(asked),
        "foreign": sorted(url for url in asked if not url.startswith(address)),
        "console": list(console),  # a copy: what axe says does not count
    }
    if barriers:
        page.evaluate(AXE.read_text())  # defines `axe` without a request
        result["axe"] = page.evaluate(VIOLATIONS)
    context.close()
    return result


# A site


def page_names(site):
    """Return the pages of a built site, by their paths; those that only lead on to another page do not count."""
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return [path.relative_to(site).as_posix() for path in paths if 'http-equiv="Refresh"' not in path.read_text()]


def read_site(browser, site, names=None, copies=None, barriers=True):
    """Return what each page of a built site costs its reader.

    Parameters
    ----------
    browser : playwright Browser
        What `launched` gives.
    site : Path
        The folder of the built site.
    names : list of str, optional
        The pages to open, by their paths in the site; without it, all of them.
    copies : Path, optional
        A folder of copies that answer the requests to other hosts: `https://HOST/PATH` is answered by HOST/PATH in
        it, or by an empty file. Without it, such requests go to the network.
    barriers : bool
        Whether axe looks at each page, which takes most of the time.

    Returns
    -------
    list of dict
        For each page its `name`, the `kib` on the wire from all hosts (1,024 bytes each), the number of `requests`,
        all addresses (`asked`) and those at other hosts (`foreign`), the errors and warnings on the `console`, and the
        nodes that break a rule of `axe`, all default rules included, unless `barriers` is false.
    """
    rows = []
    with served(site) as address:
        for name in names or page_names(site):
            rows.append(read_page(browser, address, name, copies, barriers))
            print(name, counts(rows[-1]), file=sys.stderr, flush=True)
    return rows


def counts(row):
    """Return the figures of a page as numbers: a list counts by its length."""
    return {key: len(row[key]) if isinstance(row[key], list) else row[key] for key in FIGURES if key in row}


def summary(rows):
    """Return the number of pages, and for each figure its median and its maximum over the pages."""
    figures = {key: [counts(row)[key] for row in rows] for key in FIGURES}
    both = {key: {"median": statistics.median(each), "max": max(each)} for key, each in figures.items()}
    return {"pages": len(rows), **both}


def measure_site(site, names=None, copies=None):
    """Return the summary of a built site, with the day and the tools; the arguments are those of `read_site`."""
    axe = json.loads((AXE.parent / "package.json").read_text())["version"]
    with launched() as browser:
        tools = f"Chromium {browser.version}, axe-core {axe}"
        rows = read_site(browser, site, names, copies)
    return {"measured": date.today().isoformat(), "tools": tools, **summary(rows)}


def measure():
    """Measure this site as it is built; the other books keep the figures that results.json has."""
    if not page_names(SITE):
        sys.exit("there is no site to read in _build/html: run `make book`")
    stored = json.loads(harness.RESULTS.read_text()) if harness.RESULTS.exists() else {}
    return {"ours": measure_site(SITE), "anchors": stored.get("pages", {}).get("anchors", [])}


def figure(key, site):
    """Return the median of one figure with the maximum in brackets: `26 (35)`."""
    median, most = (f"{site[key][which]:{',.0f' if key == 'kib' else 'g'}}" for which in ("median", "max"))
    return f"{median} ({most})"


def page(measured):
    """Return the section of RESULTS.md."""
    ours, anchors = measured["ours"], measured["anchors"]
    columns = ["site", "pages", "KiB", "requests", "requests to other hosts", "axe violations", "console messages"]
    rows = [
        [name, site["pages"], *(figure(key, site) for key in FIGURES)]
        for name, site in [("this course", ours), *((anchor["name"], anchor) for anchor in anchors)]
    ]
    books = [
        f"- {each['name']}, commit {each['commit']} ({each['date']}): {each['built']}. "
        f"Measured {each['measured']} with {each['tools']}."
        for each in anchors
    ]
    wrapped = "\n".join(textwrap.fill(text, 120, subsequent_indent="  ", break_on_hyphens=False) for text in books)
    return f"""## Pages: what a page costs its reader

{table(columns, rows)}

Medians over the pages, with the maximum in brackets. Each page is opened in the light theme on 1280 × 800 with a cold
cache and scrolled to its end. Text counts as compressed by gzip; what other hosts send counts too. An axe violation is
a node that breaks one of axe's default rules; a console message is an error or a warning. This course: measured
{ours["measured"]} with {ours["tools"]}.

The other books are built with the packages of this course, without running their code and without what could not be
copied. So their rows are floors: a published page, with its outputs, weighs more.

{wrapped}
"""


def main(arguments=None):
    """Measure any built site and print the summary as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=main.__doc__)
    parser.add_argument("site", type=Path, help="the folder of the built site")
    parser.add_argument("names", nargs="*", help="the pages to open; without it, all of them")
    parser.add_argument("--copies", type=Path, help="a folder HOST/PATH that answers requests to other hosts")
    print(json.dumps(measure_site(**vars(parser.parse_args(arguments))), indent=1))


if __name__ == "__main__":
    main()
