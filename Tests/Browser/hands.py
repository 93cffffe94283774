"""A reader's hands: real input events only, each of them counted."""

from playwright.sync_api import Locator, Page, expect

from plots import row_place, sharp, view


class Hands:
    """Clicks, keys and turns of the wheel since the task began. A drag is a click, a typed text as many keys as it has letters."""

    def __init__(self, page: Page):
        self.page, self.clicks, self.keys, self.turns = page, 0, 0, 0

    def click(self, target: "str | Locator", **options) -> None:
        self.clicks += 1
        self.find(target).click(**options)

    def double(self, target: "str | Locator") -> None:
        self.clicks += 2
        self.find(target).dblclick()

    def tap(self, target: "str | Locator") -> None:
        self.clicks += 1
        self.find(target).tap()

    def find(self, target: "str | Locator") -> Locator:
        return self.page.locator(target) if isinstance(target, str) else target

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def fill(self, target: "str | Locator", text: str) -> None:
        """A click into a field, and the text."""
        self.click(target)
        self.type(text)

    def choose(self, menu: "str | Locator", words: str) -> None:
        """An option of a menu: the click opens it, letters go to the option that begins with them, Enter takes it."""
        self.click(menu)
        self.type(words)
        self.press("Enter")
        chosen = self.find(menu).evaluate("one => one.selectedOptions[0].text")
        assert chosen.lower().startswith(words.lower()), f"{chosen} was chosen in place of {words}"

    def drag(self, start: tuple, end: tuple, steps: int = 8) -> None:
        self.clicks += 1
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up()

    def at(self, x: float, y: float, shift: bool = False) -> None:
        self.clicks += 1
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.up()
        if shift:
            self.page.keyboard.up("Shift")

    def turn(self, steps: int, by: int = -120) -> None:
        """Steps of the wheel where the pointer is."""
        self.turns += steps
        for _ in range(steps):
            self.page.mouse.wheel(0, by)

    # What several tasks begin with.

    def row(self, layer: str, line: int, shift: bool = False) -> None:
        self.at(*row_place(self.page, layer, line), shift=shift)

    def nearer(self, layer: str) -> None:
        """A click on the thin rows: they become as tall as their numbers; and to the first of them."""
        facts = view(self.page, layer)
        box = self.page.locator(f"#column-{layer} canvas.plot").bounding_box()
        self.at(box["x"] + float(facts["plotX"]) + 40, box["y"] + float(facts["plotTop"]) + 2)
        self.page.wait_for_function("layer => +document.querySelector(`#column-${layer}`).dataset.rowHeight >= 12", arg=layer)
        self.press("Home")
        self.page.wait_for_selector(f'#column-{layer}[data-top="0.000"]')
        sharp(self.page)

    def sort(self, layer: str, by: str, *menus: "str | None", direction: str = "descending", everywhere: bool = False) -> None:
        """Through the menu. `menus` are the first letters of what is chosen there; None: what is offered is right."""
        self.click(f"#column-{layer} .sort-button")
        row = self.page.locator(".choice", has=self.page.locator(f"#sort-by-{by}"))
        row.wait_for()
        for menu, words in zip(row.locator("select").all(), menus):
            if words is not None:
                self.choose(menu, words)
        if not self.page.is_checked(f"#sort-by-{by}"):
            self.click(f"#sort-by-{by}")
        if not self.page.is_checked(f"#sort-{direction}"):
            self.click(f"#sort-{direction}")
        self.click("#sort-apply-all" if everywhere else "#sort-apply")
        expect(self.page.locator("#popover")).to_be_hidden()
        self.page.wait_for_selector(f'#column-{layer}[data-sorting="false"]')
        sharp(self.page)

    def open_neuron(self, layer: str, neuron: int) -> None:
        """By its number, from anywhere."""
        self.press("/")
        self.type(f"{layer} {neuron}")
        self.press("Enter")
        self.page.wait_for_function("([layer, neuron]) => document.querySelector('#live').textContent.startsWith(`${layer}: neuron ${neuron}`)", arg=[layer, neuron])
        self.press("Enter")
        self.page.wait_for_selector("#neuron-panel[open] svg.histogram")
        expect(self.page.locator("#neuron-title")).to_have_text(f"Neuron {neuron}")
