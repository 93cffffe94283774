"""A neuron's panel at the side: what it shows, the rows that fire it, the brush, and that the picture's rows stay where they are."""

import json
import re
import urllib.parse

import pytest
from playwright.sync_api import expect

from plots import click_row, neuron_at, row_place, sharp, view


@pytest.fixture
def base(metadata):
    return f"api/v1/datasets/{metadata['name']}/{metadata['version']}"


def opened(page, layer, line):
    """Clicks on a row; the number of its neuron, once its panel is there."""
    neuron = neuron_at(page, layer, line)
    click_row(page, layer, line)
    page.wait_for_selector("#neuron-panel[open] svg.histogram")
    expect(page.locator("#neuron-title")).to_have_text(f"Neuron {neuron}")
    return neuron


def pictures(page, end):
    """The rows of a list of cards, once their pictures are drawn."""
    cards = page.locator(f'[aria-labelledby="firing-{end}"] .row-card')
    page.wait_for_function("""end => { const cards = [...document.querySelectorAll(`[aria-labelledby="firing-${end}"] .row-card`)];
        return cards.length > 0 && cards.every(card => card.querySelector('canvas[data-there]')); }""", arg=end)
    return [int(card.get_attribute("data-row")) for card in cards.all()]


def test_a_click_on_a_row_opens_it_at_the_side_and_no_row_moves(page, layer):
    place = row_place(page, layer, 3)
    neuron = opened(page, layer, 3)
    sharp(page)
    facts = view(page, layer)
    canvas, panel = page.locator(f"#column-{layer} canvas.plot").bounding_box(), page.locator("#neuron-panel").bounding_box()
    assert canvas["x"] + canvas["width"] <= panel["x"], "the panel lies beside the picture, not over it"
    assert (row_place(page, layer, 3)[1], facts["rowHeight"]) == (place[1], facts["rowHeight"])
    assert neuron_at(page, layer, 3) == neuron
    # The open row is framed in ink.
    page.mouse.move(5, 5)
    sharp(page)
    framed = page.eval_on_selector(f"#column-{layer} canvas.plot", """(canvas, [x, y]) => {
        const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio, ink = [];
        const { data } = canvas.getContext('2d').getImageData(Math.round((x - box.x) * ratio), Math.round((y - box.y) * ratio), 1, 40);
        for (let i = 0; i < data.length; i += 4) ink.push(data[i] + data[i + 1] + data[i + 2]);
        return ink;
    }""", [row_place(page, layer, 3)[0], row_place(page, layer, 3)[1] - 20])
    assert min(framed) < 150
    assert page.evaluate("""() => {
        const boxes = selector => [...document.querySelectorAll(selector)].map(one => one.getBoundingClientRect());
        const numbers = boxes('#neuron-body svg.histogram text[text-anchor="middle"]');
        return numbers.length > 1 && boxes('.brush-handle').flatMap(a => numbers.filter(b => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top + 2 < a.bottom)).length;
    }""") == 0, "the ends of the brush lie over no number of the axis"
    page.keyboard.press("Escape")
    expect(page.locator("#neuron-panel")).to_be_hidden()
    assert page.evaluate("() => document.activeElement.classList.contains('plot')"), "the focus goes back to the picture"
    opened(page, layer, 5)
    page.click("#neuron-close")
    expect(page.locator("#neuron-panel")).to_be_hidden()
    assert row_place(page, layer, 3)[1] == place[1]


def test_keys_go_from_row_to_row_with_the_panel(page, layer):
    neurons = [neuron_at(page, layer, line) for line in range(4)]
    opened(page, layer, 1)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#neuron-title")).to_have_text(f"Neuron {neurons[2]}")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#neuron-title")).to_have_text(f"Neuron {neurons[3]}")
    page.go_back()
    expect(page.locator("#neuron-panel")).to_be_hidden()


def test_the_panel_says_how_much_is_zero_and_ranks_every_class(page, layer, api, base, metadata):
    neuron = opened(page, layer, 0)
    exact = api(f"{base}/layers/{layer}/neurons/{neuron}")
    all_rows = exact["groups"][0]
    zeros = f"{all_rows['zeros']:,}" if all_rows["zeros"] else "none"
    expect(page.locator(".neuron-words").first).to_contain_text(re.compile(rf"^{all_rows['count']:,} values: {zeros} (is|are) exactly 0"))
    classes = sorted(exact["groups"][1:], key=lambda group: (-group["median"], group["zeros"] / group["count"], group["group"]))
    chart = page.locator(".neuron-chart")
    # Longer names are cut in the middle.
    names = [group["name"] for group in classes if len(group["name"]) <= 14]
    ranked = [text for text in chart.locator("text.ink").all_text_contents() if text in names][-len(names):]
    assert ranked == names, "each once in the list, those of the histograms stand before it"


@pytest.mark.parametrize("end", ["highest", "lowest"])
def test_the_rows_that_fire_it_are_those_of_the_server(page, layer, api, base, end):
    neuron = opened(page, layer, 2)
    expected = api(f"{base}/layers/{layer}/neurons/{neuron}/rows?end={end}")["rows"]
    assert pictures(page, end) == [row["row"] for row in expected]
    for card, row in zip(page.locator(f'[aria-labelledby="firing-{end}"] .row-card').all(), expected):
        bold = card.locator("b")
        if row["prediction"] == row["label"]:
            expect(bold).to_have_count(0)
        else:
            expect(bold).to_have_text(f"→ {row['prediction']}")
    zeros = api(f"{base}/layers/{layer}/neurons/{neuron}?groups=0")["groups"][0]["zeros"]
    if end == "lowest" and zeros > 16:
        expect(page.locator("#firing-lowest")).to_contain_text(f"{zeros:,} tie at 0")


def test_the_rows_of_a_class_are_told_to_the_bin(page, layer, api, base, story):
    neuron = opened(page, layer, 0)
    pictures(page, "highest")
    group = story["groups"][1]
    page.click(f'.firing-choice [data-group="{group}"]')
    expected = api(f"{base}/layers/{layer}/neurons/{neuron}/rows?group={group}")["rows"]
    page.wait_for_selector(f'[aria-labelledby="firing-highest"] .row-card[data-row="{expected[0]["row"]}"]')
    assert pictures(page, "highest") == [row["row"] for row in expected]
    expect(page.locator("#firing-highest")).to_contain_text("to the bin")
    # One tab stop; arrows choose.
    page.focus(f'.firing-choice [data-group="{group}"]')
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f'.firing-choice [data-group="{story["groups"][0]}"]')).to_be_focused()
    page.wait_for_selector(f'.firing-choice [data-group="{story["groups"][0]}"][aria-checked="true"]')


def test_one_click_makes_a_row_an_instance(page, layer, url):
    opened(page, layer, 0)
    row = pictures(page, "highest")[0]
    card = page.locator(f'[aria-labelledby="firing-highest"] .row-card[data-row="{row}"]')
    card.click()
    expect(card).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f'.row-chip[data-row="{row}"]')).to_be_visible()
    assert f",r{row};" in page.url
    # Its value stands beside those of the others, and its dots are in the picture.
    expect(page.locator(".standings")).to_contain_text(f"row {row} at ")
    expect(page.locator("#legend")).to_contain_text(f"row {row}")
    sharp(page)
    page.reload()
    sharp(page)
    expect(page.locator(f'.row-chip[data-row="{row}"]')).to_contain_text(f"row {row}")
    page.click(f'.row-chip[data-row="{row}"]')
    expect(page.locator(".row-chip")).to_have_count(0)
    page.go_back()
    expect(page.locator(f'.row-chip[data-row="{row}"]')).to_be_visible()


def brush(page, start, end, steps=6):
    area = page.locator(".brush-area").bounding_box()
    y = area["y"] + 30
    page.mouse.move(area["x"] + area["width"] * start, y)
    page.mouse.down()
    for n in range(1, steps + 1):
        page.mouse.move(area["x"] + area["width"] * (start + (end - start) * n / steps), y + n % 2)
    page.mouse.up()


def moment(page):
    """The expression in the link."""
    page.wait_for_selector('.brush[data-settled="true"]')
    text = page.evaluate("() => /;w=([^;]*)/.exec(location.hash)[1]")
    return urllib.parse.unquote_plus(text.split(".", 1)[1])


def test_a_brush_is_a_group_in_all_layers_and_counts_exactly(page, layer, api, base, story, metadata):
    neuron = opened(page, layer, 0)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/tiles/" in request.url and "where=" in request.url else None)
    brush(page, 0.3, 0.7)
    expect(page.locator(".moment")).to_have_count(1)
    page.wait_for_function("() => !document.querySelector('.moment .amount').textContent.includes('…')")
    where = moment(page)
    name = next(one["name"] for one in metadata["layers"] if one["id"] == layer)
    assert where.startswith(f'value("{name}", {neuron}) >= ') and " < " in where
    total = api(f"{base}/rows?where={urllib.parse.quote(where)}&count=1")["total"]
    expect(page.locator(".brush-words b")).to_have_text(counted(total, metadata["rows"]))
    expect(page.locator(".moment .amount")).to_have_text(f"{total:,}")
    # Of each class as many as the server counts.
    for text in page.locator(".brush-class").all_inner_texts():
        named, count = text.split(" (")[0].rsplit(" ", 1)
        condition = urllib.parse.quote(f"label == {json.dumps(named)} and {where}")
        assert api(f"{base}/rows?where={condition}&count=1")["total"] == int(count.replace(",", ""))
    # All layers show it.
    sharp(page)
    for shown in story["layers"]:
        assert any(f"/layers/{shown}/tiles/0/" in one for one in asked), shown
    # It is no step of a hundred: one back, and it is gone.
    page.go_back()
    expect(page.locator(".moment")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".moment")).to_have_count(1)
    page.reload()
    sharp(page)
    expect(page.locator(".moment .amount")).to_have_text(f"{total:,}")
    expect(page.locator(".brush-words b")).to_have_text(counted(total, metadata["rows"]))
    page.click("#brush-clear")
    expect(page.locator(".moment")).to_have_count(0)
    expect(page.locator(".brush-hint")).to_be_visible()


def counted(total, rows):
    return re.compile(rf"^{total:,} of {rows:,} rows: .*neuron \d+ [≥<] ")


def test_the_brush_follows_the_drag_one_group_at_a_time(page, layer):
    opened(page, layer, 0)
    flying, most = set(), [0]

    def began(request):
        if "/tiles/" in request.url and "where=" in request.url:
            flying.add(request)
            most[0] = max(most[0], len({urllib.parse.parse_qs(urllib.parse.urlsplit(one.url).query)["where"][0] for one in flying}))

    page.on("request", began)
    for event in ("requestfinished", "requestfailed"):
        page.on(event, lambda request: flying.discard(request))
    brush(page, 0.2, 0.8, steps=40)
    sharp(page)
    page.wait_for_selector('.brush[data-settled="true"]')
    assert most[0] <= 2, "what was passed over is not asked for all at once"
    # An end is taken hold of and moved; the keyboard does the same, from edge to edge.
    before = page.get_attribute(".brush-end", "aria-valuenow")
    page.focus(".brush-end")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => Number(document.querySelector('.brush-end').getAttribute('aria-valuenow')) < before", arg=float(before))
    expect(page.locator(".moment")).to_have_count(1)
    # Kept, it stays when the next is drawn.
    page.wait_for_selector('.brush[data-settled="true"]')
    page.click("#brush-keep")
    expect(page.locator(".brush-hint")).to_be_visible()
    brush(page, 0.5, 0.9)
    expect(page.locator(".moment")).to_have_count(2)


def test_pictures_come_quickly(page, layer):
    """From the click to the last of 32 pictures; the figure is printed, not judged."""
    opened(page, layer, 0)
    pictures(page, "highest"), pictures(page, "lowest")
    page.evaluate("""() => { window.began = 0; window.last = 0;
        document.addEventListener('pointerup', () => { window.began = performance.now(); }, true);
        new MutationObserver(() => { window.last = performance.now(); }).observe(document.querySelector('#neuron-body'), { subtree: true, attributes: true, attributeFilter: ['data-there'] }); }""")
    click_row(page, layer, 7)
    pictures(page, "highest"), pictures(page, "lowest")
    print(f"32 pictures {page.evaluate('() => window.last - window.began'):.0f} ms after the click")
