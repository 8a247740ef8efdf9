"""A real browser, where there is one."""

import contextlib
import functools
import http.server
import json
import shutil
import threading
import time

import pytest

FLAGS = [
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to start as root with it
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """A headless Chromium that nobody else uses."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("no browser: neither chromium nor google-chrome with chromedriver is installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    # How long something takes is not what is tested, and the machine may be busy.
    started.set_script_timeout(300)
    yield started
    started.quit()


class Page:
    """A report in the browser."""

    def __init__(self, browser, url, *, width, dark):
        self.browser = browser
        command = browser.execute_cdp_cmd
        command("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500,
        })  # fmt: skip
        scheme = "dark" if dark else "light"
        command("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        })  # fmt: skip
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # what belongs to the page before
        browser.get(url)
        self.until("return document.documentElement.dataset.ready")
        self.url = url

    def run(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def until(self, script, seconds=120):
        """Wait for a script to return something true, and return it."""
        end = time.monotonic() + seconds
        while not (found := self.run(script)):
            if time.monotonic() > end:
                raise AssertionError(f"still not: {script}\n{self.browser.get_log('browser')}")
            time.sleep(0.05)
        return found

    def find(self, css):
        return self.browser.find_element("css selector", css)

    def all(self, css):
        return self.browser.find_elements("css selector", css)

    def press(self, element, key):
        self.run("arguments[0].focus()", element)
        self.browser.switch_to.active_element.send_keys(key)

    def move_to(self, x, y):
        event = {"type": "mouseMoved", "x": x, "y": y}
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def errors(self):
        """Return what the console has to complain of."""
        log = self.browser.get_log("browser")
        return [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """Return the addresses that the page has asked for, but itself."""
        log = [json.loads(entry["message"])["message"] for entry in
               self.browser.get_log("performance")]  # fmt: skip
        urls = [entry["params"]["request"]["url"] for entry in log
                if entry["method"] == "Network.requestWillBeSent"]  # fmt: skip
        return [url for url in urls if url != self.url and not url.startswith(("data:", "blob:"))]


@pytest.fixture
def show(chromium, tmp_path):
    """Return a function that shows a report, from a file."""

    def shown(report, *, width=1280, dark=False):
        path = tmp_path / "report.html"
        report.write_html(path)
        return Page(chromium, path.as_uri(), width=width, dark=dark)

    return shown


@pytest.fixture
def show_from_server(chromium, tmp_path):
    """Return a function that shows any HTML, from a server that counts what it is asked for."""
    with contextlib.ExitStack() as stack:

        def shown(text, **options):
            (tmp_path / "page.html").write_text(text, encoding="utf-8")
            asked = []

            class Handler(http.server.SimpleHTTPRequestHandler):
                def log_message(self, *arguments):
                    asked.append(self.path)

            make = functools.partial(Handler, directory=str(tmp_path))
            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), make))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/page.html", asked

        yield shown
