"""The page in a real browser."""

import importlib.resources
import struct
import zlib
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from sklearn_zcore import CoresetReport, FacilityLocationSelector

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures():
    digits = load_digits()
    X = np.concatenate([digits.data[:600], digits.data[:4]])
    names = np.array([*"abcdefghij"])[np.r_[digits.target[:600], digits.target[:4]]]
    images = np.kron(X.reshape(-1, 8, 8), np.ones((8, 8))) * 15.9
    selector = FacilityLocationSelector(60, random_state=0).fit(X)
    return CoresetReport(selector, X, images=images.astype(np.uint8), groups={"digit": names})


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(500, 30)), columns=[f"a long column {i}" for i in range(30)])
    X.iloc[:3] *= 30  # outliers
    X.iloc[10:14] = X.iloc[20:24].to_numpy()
    data = X.assign(town=rng.choice(["Here", "There", "Nowhere"], 500), text=["some words"] * 500)
    selector = FacilityLocationSelector(50, random_state=0).fit(X)
    return CoresetReport(selector, X, data=data, groups="town")


@pytest.fixture(params=["pictures", "table"])
def report(request):
    return request.getfixturevalue(request.param)


def place_of(page, row):
    """Return where a row is on the screen."""
    return page.run(
        """
        const map = document.getElementById("map-plot"); map.scrollIntoView({block: "center"});
        const data = JSON.parse(document.getElementById("report-data").textContent).map;
        const view = [...Bokeh.index].find((v) => v.model.renderers?.[0].data_source.data.marker);
        const at = data.rows.indexOf(arguments[0]);
        const box = map.getBoundingClientRect();
        const frame = view.frame.bbox;
        return [box.left + frame.left + view.frame.x_scale.compute(data.x[at]) - frame.left,
                box.top + frame.top + view.frame.y_scale.compute(data.y[at]) - frame.top];
        """,
        row,
    )


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_error_no_request_and_nothing_wider_than_the_page(show, report, width, dark):
    page = show(report, width=width, dark=dark)
    for section in page.all("section"):
        page.run("arguments[0].scrollIntoView()", section)
    for details in page.all("details"):
        page.run("arguments[0].open = true", details)
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.errors() == [] and page.requests() == []
    background = page.run("return getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


def test_the_policy_lets_nothing_in(show, pictures):
    page = show(pictures)
    page.run(
        """
        window.ran = false;
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
        setTimeout("window.ran = true");
        """
    )
    assert page.run("return window.ran") is False
    outside = """
        const done = arguments[0];
        fetch("https://example.org/").then(() => done("came through"), () => done("blocked"));
    """
    assert page.browser.execute_async_script(outside) == "blocked"
    assert any("Content Security Policy" in message for message in page.errors())


def test_hovering_a_point_shows_its_picture(show, pictures):
    page = show(pictures)
    found = pictures.to_dict()
    # A point with nothing near it on the map.
    points = np.c_[found["map"]["x"], found["map"]["y"]]
    card = found["coreset"]["rows"][0]
    from scipy.spatial.distance import cdist

    rows = np.array(found["map"]["rows"])
    between = cdist(points, points)
    np.fill_diagonal(between, np.inf)
    chosen = [row["row"] for row in found["coreset"]["rows"]]
    alone = max(chosen, key=lambda row: between[rows == row].min())
    card = next(card for card in found["coreset"]["rows"] if card["row"] == alone)
    x, y = place_of(page, alone)
    page.move_to(x - 40, y - 40)
    page.move_to(x, y)
    tip = page.until("const t = document.getElementById('map-tip'); return t.hidden ? null : t")
    assert f"row {alone}: coreset" in tip.text and f"rank {card['rank']}" in tip.text
    assert "score" in tip.text and "digit: " in tip.text
    picture = tip.find_element("css selector", "img")
    assert picture.get_attribute("src") == found["thumbnails"]["images"][str(alone)]
    assert page.until("return document.querySelector('#map-tip img').naturalWidth") == 64
    page.move_to(5, 5)
    page.until("return document.getElementById('map-tip').hidden")


def test_the_map_zooms_pans_and_is_coloured_by_group(show, pictures):
    page = show(pictures)
    extent = """
        const view = [...Bokeh.index].find((v) => v.model.renderers?.[0].data_source.data.marker);
        return [view.model.x_range.start, view.model.x_range.end];
    """
    start, end = page.run(extent)
    page.find("button[data-zoom='0.7']").click()
    low, high = page.run(extent)
    assert high - low == pytest.approx(0.7 * (end - start))
    map = page.find("#map-plot")
    page.press(map, "-")
    page.press(map, "\ue014")  # right
    low, high = page.run(extent)
    assert low > start and high - low == pytest.approx(0.98 * (end - start))
    page.press(map, "0")
    assert page.run(extent) == [start, end]
    page.press(map, "n")
    tip = page.find("#map-tip")
    assert "rank 1\n" in tip.text
    page.press(map, "n")
    assert "rank 2\n" in tip.text
    assert "coreset" in page.find("#map-legend").text
    page.run(
        "const s = document.getElementById('map-colour'); s.value = '0';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert "3 other groups" in page.find("#map-legend").text
    assert page.errors() == []


def test_dragging_moves_the_map(show, table):
    page = show(table)
    x, y = place_of(page, 30)
    send = page.browser.execute_cdp_cmd
    for kind, at in (("mousePressed", x), ("mouseMoved", x + 30), ("mouseMoved", x + 80),
                     ("mouseReleased", x + 80)):  # fmt: skip
        send("Input.dispatchMouseEvent", {
            "type": kind, "x": at, "y": y, "button": "left", "buttons": 1, "clickCount": 1,
        })  # fmt: skip
    moved = place_of(page, 30)
    assert moved[0] == pytest.approx(x + 80, abs=3)


def test_pages_turn_by_mouse_and_by_keyboard(show, report):
    page = show(report)
    found = [str(row["row"]) for row in report.to_dict()["coreset"]["rows"]]
    size = 24 if page.all("ol.cards") else 20

    def shown():
        texts = [e.text for e in page.all("[data-item]") if e.is_displayed()]
        return len(texts), texts[0]

    status = page.find("#coreset .pager [role=status]")
    n_pages = -(-len(found) // size)
    assert status.text == f"Page 1 of {n_pages}" and shown()[0] == size
    first = shown()[1]
    buttons = {b.text: b for b in page.all("#coreset .pager button")}
    buttons["Next"].click()
    assert status.text == f"Page 2 of {n_pages}" and shown()[1] != first
    assert found[size] in shown()[1]
    buttons["Last"].click()
    assert shown()[0] == len(found) - size * (n_pages - 1)
    buttons["Next"].click()  # there is none
    assert status.text == f"Page {n_pages} of {n_pages}"
    box = page.find("[data-paged]")
    page.press(box, "\ue012")  # left
    assert status.text == f"Page {n_pages - 1} of {n_pages}"
    page.press(box, "\ue011")  # home
    assert status.text == f"Page 1 of {n_pages}" and shown()[1] == first
    page.press(box, "\ue014")  # right
    assert status.text == f"Page 2 of {n_pages}"
    page.press(buttons["Previous"], "\ue007")  # enter
    assert status.text == f"Page 1 of {n_pages}"


def test_a_row_opens_to_those_that_it_stands_for(show, report):
    page = show(report)
    card = report.to_dict()["coreset"]["rows"][1]
    button = page.find("[data-open='1']")
    assert f"{card['stands_for']} row" in button.text
    page.press(button, "\ue007")
    dialog = page.find("#opened")
    assert dialog.is_displayed() and f"Row {card['row']} " in dialog.text
    for near in card["nearest"]:
        assert f"row {near['row']}, " in dialog.text
    assert len(page.all("#opened .card")) == 1 + len(card["nearest"])
    assert page.run("return document.getElementById('opened').contains(document.activeElement)")
    page.browser.switch_to.active_element.send_keys("\ue00c")  # escape
    page.until("return !document.getElementById('opened').open")
    assert page.run("return document.activeElement.dataset.open") == "1"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(show, report, width, dark):
    if find_spec("axe_core_python") is None:
        pytest.skip("axe-core-python, which brings axe-core, is not installed")
    axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    page = show(report, width=width, dark=dark)
    for details in page.all("details"):
        page.run("arguments[0].open = true", details)
    # Past the policy of the page, as a user's extension is.
    page.browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = page.browser.execute_async_script(
        """
        const done = arguments[0];
        axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).then(
          (r) => done([r.violations.map((v) => [v.id, v.nodes.length, v.nodes[0].html]),
                       r.passes.map((p) => p.id)]));
        """
    )
    assert found[0] == []
    assert "color-contrast" in found[1]


def test_the_map_has_a_text_alternative(show, report):
    page = show(report)
    map = page.find("#map-plot")
    assert "Map of the rows" in map.get_attribute("aria-label")
    words = page.find(f"#{map.get_attribute('aria-describedby')}").get_attribute("textContent")
    n = len(report.to_dict()["coreset"]["rows"])
    assert f"{n:,} in the coreset" in words
    assert "Line plot" in page.find("#curve-plot").get_attribute("aria-label")
    for picture in page.all("img"):
        assert picture.get_attribute("alt").startswith("Picture of row")


def test_it_prints(show, pictures):
    import base64

    page = show(pictures, dark=True)
    printed = page.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        page.until("return getComputedStyle(document.body).backgroundColor == 'rgb(255, 255, 255)'")
        assert not page.find("nav").is_displayed()
        assert page.find("#map-plot").is_displayed()
    finally:
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert page.errors() == []


def test_it_works_within_a_page(chromium, show_from_server, table):
    url, asked = show_from_server(f"<!doctype html><title>a notebook</title>{table.html_snippet()}")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    chromium.get(url)
    frame = chromium.find_element("css selector", "iframe")
    chromium.switch_to.frame(frame)
    try:
        import time

        end = time.monotonic() + 30
        while not chromium.execute_script("return document.documentElement.dataset.ready"):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert "50 of 500 rows" in chromium.find_element("css selector", "#summary").text
    finally:
        chromium.switch_to.default_content()
    assert not [entry for entry in chromium.get_log("browser") if "favicon" not in entry["message"]
                and entry["level"] == "SEVERE"]  # fmt: skip
    assert {path for path in asked if "favicon" not in path} <= {"/page.html"} | {'"GET'}


# --- hostile names --------------------------------------------------------------------------------

HOSTILE = {
    "script": "<script>window.ran = 1</script>",
    "end": "</script><script>window.ran = 2</script>",
    "handler": '"><img src=x onerror="window.ran = 3">',
    "template": "{{7*7}}{% raw %}${7*7}",
    "long": "w" * 10_000,
    "right to left": "שלום\u202eevil\u202c",
    "emoji": "👩‍👩‍👧 🏳️‍🌈",
    "math": "$$x^2$$ \\(y\\)",
    "comment": "<!-- <!--<script>",
    "not UTF-8": b"caf\xe9 \xff".decode("utf-8", "surrogateescape"),
    "null": "a\x00b\x1b[31m",
}


def check_text(page, kinds=HOSTILE):
    text = page.run("return document.documentElement.textContent")
    page.run("for (const d of document.querySelectorAll('details')) d.open = true")
    assert page.run("return window.ran") is None
    assert page.errors() == [] and page.requests() == []
    assert "49" not in page.find("h1").text
    for kind in kinds:
        name = HOSTILE[kind]
        if kind == "long":
            assert "w" * 100 in text and "(10,000 characters)" in text
        elif kind == "not UTF-8":
            assert "caf" in text and "\udce9" not in text
        elif kind == "null":
            assert "a\ufffdb" in text
        elif kind == "right to left":
            assert "שלום" in text
        else:
            assert name in text, kind
    assert page.run("return document.documentElement.scrollWidth") <= page.run(
        "return window.innerWidth"
    )


@pytest.mark.parametrize("width", [390, 1440])
def test_hostile_columns_cells_and_groups_are_text(show, width):
    names = list(HOSTILE.values())
    n = 40 * len(names)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    data = {name: rng.permutation(names * 40) for name in names[:6]}
    data |= {name: rng.normal(size=n) for name in names[6:]}
    groups = {name: rng.permutation(names * 40) for name in names[:3]}
    selector = FacilityLocationSelector(60, random_state=0).fit(X)
    report = CoresetReport(
        selector, X, data=data, groups=groups, title=HOSTILE["end"], call=HOSTILE["handler"]
    )
    page = show(report, width=width)
    check_text(page)
    page.press(page.find("[data-open='0']"), "\ue007")
    assert page.find("#opened").is_displayed()
    page.press(page.find("#map-plot"), "n")
    for value in ("0", "1", "2"):
        page.run(
            "const s = document.getElementById('map-colour'); s.value = arguments[0];"
            "s.dispatchEvent(new Event('change'))",
            value,
        )
    check_text(page)


def write_bomb(path):
    """Write a PNG of 50,000 x 50,000 pixels in a few bytes, without making them."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_hostile_pictures_are_placeholders(show, tmp_path):
    import os
    import tracemalloc

    n = 60
    good = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    paths = []
    for place in range(n):
        paths.append(os.fsencode(tmp_path) + f"/{place}.jpg".encode())
        good.save(os.fsdecode(paths[-1]))
    hostile = {
        0: b'/"><img src=x onerror="window.ran = 3">.png',
        1: b"/caf\xe9.jpg",
        2: "/שלום‮👩‍👧.jpg".encode(),
        3: b"/{{7*7}}.jpg",
        4: b"/<b>bold<" + b"w" * 200 + b".jpg",
    }
    for place, name in hostile.items():
        paths[place] = os.fsencode(tmp_path) + name
        good.save(os.fsdecode(paths[place]), format="JPEG")
    broken = {10: ".svg", 11: ".png", 12: ".jpg", 13: ".jpg", 14: ".jpg"}
    for place, suffix in broken.items():
        paths[place] = os.fsencode(tmp_path) + f"/broken {place}{suffix}".encode()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.ran = 9</script></svg>"
    with open(paths[10], "wb") as file:
        file.write(svg)
    write_bomb(tmp_path / "broken 11.png")
    with open(paths[12], "wb") as file, open(paths[20], "rb") as whole:
        file.write(whole.read()[:700])  # truncated
    with open(paths[13], "wb"):
        pass  # empty; number 14 does not exist
    X = np.random.default_rng(0).normal(size=(n, 4))
    tracemalloc.start()
    report = CoresetReport(range(30), X, images=[os.fsdecode(path) for path in paths])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e8
    thumbnails = report.to_dict()["thumbnails"]
    assert sorted(map(int, thumbnails["broken"])) == sorted(broken)
    assert "50" in thumbnails["broken"]["11"] and "bomb" in thumbnails["broken"]["11"]
    assert len(thumbnails["images"]) == n - len(broken)
    assert "5 images of those shown cannot be read." in report.to_dict()["summary"]["warnings"]
    page = show(report)
    text = page.run("return document.documentElement.textContent")
    assert page.run("return window.ran") is None
    assert page.errors() == [] and page.requests() == []
    assert 'onerror="window.ran = 3">.png' in text and "{{7*7}}.jpg" in text
    placeholders = page.all("#coreset .picture.broken")
    assert len(placeholders) == 5
    for place, suffix in broken.items():
        assert f"broken {place}{suffix}" in page.find("#coreset").get_attribute("textContent")
