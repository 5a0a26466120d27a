"""The report in a real browser: it loads nothing, nothing overflows, and its controls work."""

import shutil

import pytest

from cnn_ablate.analysis import analyse
from cnn_ablate.report import write
from support import fake_study

webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.usefixtures("all_figures"),
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="there is no Chromium with its driver here"
    ),
]
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage"
)
LONG = "a variant whose name is as long as names get: " + "x" * 40


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The URL of the report of a study with a long name, a failed and a missing trial."""
    size = {"variants": 8, "seeds": 2, "images": 120, "epochs": 4, "failed": 1, "missing": 1}
    study = fake_study.FakeStudy(**size, names=(LONG,), profile="smoke")
    results = fake_study.publish(tmp_path_factory.mktemp("results"), study)
    return write(analyse(results), tmp_path_factory.mktemp("reports")).as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless browser with logging."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser, page):
    """The browser, with the report just opened on a screen of 1,440 pixels in light colours."""
    screen(browser, 1440)
    colours(browser, "light")
    browser.get(page)
    browser.execute_script("localStorage.clear()")
    browser.get(page)
    return browser


def screen(browser, width):
    """Set the width of the browser's screen in pixels."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def colours(browser, scheme):
    """Set the preference for light or dark colours, and for reduced motion."""
    wishes = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": wishes})


def background(browser):
    """Return the background colour of the page."""
    return browser.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_page_loads_nothing_and_logs_nothing(opened, page):
    """The page requests only itself, and the console is empty."""
    asked = opened.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    sent = [
        entry["message"]
        for entry in opened.get_log("performance")
        if "Network.requestWillBeSent" in entry["message"] and "http" in entry["message"]
    ]

    assert [] == [name for name in asked if not name.startswith("data:")]
    assert [] == [message for message in sent if '"url":"http' in message]
    assert [] == [entry for entry in opened.get_log("browser") if entry["level"] != "INFO"]


@pytest.mark.parametrize("width", [375, 768, 1200, 1440])
def test_nothing_overflows(opened, width):
    """On phone, tablet and desktop the page is no wider than the screen."""
    screen(opened, width)
    overflowing = """
        const wide = document.documentElement.clientWidth;
        const boxed = (part) => part.closest(".scroll, pre, nav ul");
        return [document.documentElement.scrollWidth - wide,
                [...document.body.querySelectorAll("*")]
                    .filter((part) => !boxed(part) && part.getBoundingClientRect().right > wide + 1)
                    .map((part) => part.outerHTML.slice(0, 80))];
    """

    assert [0, []] == opened.execute_script(overflowing)


@pytest.mark.parametrize("width", [375, 1200, 1440])
def test_a_long_level_stays_on_one_line(opened, width):
    """A long level stays on one line, so that no row becomes higher."""
    screen(opened, width)
    heights = """
        const level = document.querySelector(".ablation tr.reference .level");
        const height = () => level.closest("tr").getBoundingClientRect().height;
        const before = height();
        level.innerHTML = "random_crop(padding=4,<wbr>mode=zero)+<wbr>".repeat(4);
        return [before, height()];
    """
    before, after = opened.execute_script(heights)

    assert before == after


def test_table_sorts_up_and_down(opened):
    """A click on a header sorts by it, a second one reverses the order; both set aria-sort."""
    header = opened.find_element("css selector", ".ablation thead th.accuracy")
    read = """
        return [...document.querySelector(".ablation").tBodies[0].rows]
            .map((row) => Number(row.querySelector(".accuracy").dataset.value));
    """
    button = header.find_element("tag name", "button")

    button.click()
    assert "ascending" == header.get_attribute("aria-sort")
    up = opened.execute_script(read)
    button.click()
    assert "descending" == header.get_attribute("aria-sort")
    down = opened.execute_script(read)

    assert sorted(up) == up
    assert up[::-1] == down
    assert 1 < len(set(up))


def test_table_sorts_by_the_keyboard(opened):
    """Headers can be focused and pressed by the keyboard."""
    button = opened.find_element("css selector", ".ablation thead th button")
    button.send_keys("\n")

    header = button.find_element("xpath", "..")
    assert "ascending" == header.get_attribute("aria-sort")
    rows = opened.find_elements("css selector", ".ablation tbody th")
    assert "attention: cbam \N{RIGHTWARDS ARROW} none" == rows[0].text


def test_dark_colours_follow_the_system(opened):
    """The page follows the system's preference for dark colours, figures included."""
    light = background(opened)
    colours(opened, "dark")

    assert "rgb(255, 255, 255)" == light
    assert "rgb(16, 20, 25)" == background(opened)
    ink = "return getComputedStyle(document.querySelector('figure svg text')).fill"
    assert "rgb(228, 232, 237)" == opened.execute_script(ink)


def test_dark_colours_can_be_chosen_and_are_remembered(opened, page):
    """The button overrides the system's preference, and the choice is remembered."""
    button = opened.find_element("css selector", ".theme")
    button.click()

    assert "true" == button.get_attribute("aria-pressed")
    assert "rgb(16, 20, 25)" == background(opened)
    opened.get(page)
    assert "rgb(16, 20, 25)" == background(opened)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(opened, scheme):
    """Body, quiet and coloured text have a contrast of 4.5 to 1 (WCAG) to the page."""
    colours(opened, scheme)
    read = """
        const shown = (name) => {
            const probe = document.createElement("span");
            probe.style.color = `var(${name})`;
            document.body.append(probe);
            const colour = getComputedStyle(probe).color;
            probe.remove();
            return colour;
        };
        return ["--text", "--quiet", "--accent", "--warm"].map(shown);
    """
    page_colour = background(opened)

    for colour in opened.execute_script(read):
        assert 4.5 <= contrast(colour, page_colour)


def contrast(one, other):
    """Return the contrast of two colours `rgb(r, g, b)`, after WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    """Return the relative luminance of a colour."""
    parts = [int(part) / 255 for part in colour.strip("rgb()").split(",")]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_tables_fit_on_paper(opened):
    """Printed on A4, every table fits between the margins."""
    screen(opened, 703)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")
    read = """
        return [...document.querySelectorAll("table")]
            .map((table) => [table.className, table.scrollWidth, table.parentElement.clientWidth]);
    """
    widths = opened.execute_script(read)

    assert 3 <= len(widths)
    assert [] == [(name, table, page) for name, table, page in widths if table > page]


def test_printing_opens_folded_parts(opened):
    """Before the page is printed, every folded part is opened."""
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")

    folded = opened.find_elements("css selector", "details:not([open])")
    assert [] == folded
