/** The list of a layer's hidden neurons, or of its pinned ones: each can be let go of alone, or all at once. */

import { el } from "../dom.js";

/** @typedef {"hidden" | "pinned"} Kind */

const WORDS = {
  hidden: {
    title: "Hidden neurons", choose: "Choose one to bring it back.", one: "Bring back neuron", all: "Bring back all", id: "show-all-hidden",
    none: "None yet. Click a neuron’s bar, once zoomed in, and choose Hide in its panel, or press h; it is listed here, and can be brought back.",
  },
  pinned: {
    title: "Pinned neurons", choose: "They stay on top in every order. Choose one to unpin it.", one: "Unpin neuron", all: "Unpin all", id: "unpin-all",
    none: "None yet. Shift-click a neuron’s bar, or choose Pin in its panel, and it stays on top in every order.",
  },
};

/**
 * @param {import("../app.js").App} app
 * @param {string} layerId
 * @param {Kind} kind
 * @param {() => void} close
 */
export function neuronList(app, layerId, kind, close) {
  const words = WORDS[kind];
  /** @param {(listed: number[]) => number[]} change */
  const keep = (change) => {
    app.update((draft) => {
      const column = draft.columns[layerId];
      column[kind] = change(column[kind]);
    });
    if (app.state.columns[layerId][kind].length === 0) close();
    else {
      content.replaceChildren(...build());
      // The button that was pressed is gone: the next one takes the focus.
      content.querySelector("button")?.focus();
    }
  };
  const content = el("div", { class: "kept-menu" });
  function build() {
    const listed = app.state.columns[layerId][kind];
    const title = el("h3", {}, words.title);
    if (listed.length === 0) return [title, el("p", { class: "quiet" }, words.none)];
    return [
      title,
      el("p", { class: "quiet" }, words.choose),
      el("div", { class: "chips" }, ...listed.map((neuron) => el("button", {
        type: "button", class: "chip", "aria-label": `${words.one} ${neuron}`, onClick: () => keep((all) => all.filter((n) => n !== neuron)),
      }, String(neuron)))),
      el("div", { class: "buttons" }, el("button", { type: "button", class: "primary", id: words.id, onClick: () => keep(() => []) }, words.all)),
    ];
  }
  content.append(...build());
  return content;
}
