/** The strip of hidden neurons: each can come back alone, or all at once. */

import { el } from "../dom.js";

/**
 * @param {import("../app.js").App} app
 * @param {string} layerId
 * @param {() => void} close
 */
export function hiddenMenu(app, layerId, close) {
  /** @param {(hidden: number[]) => number[]} change */
  const keep = (change) => {
    app.update((draft) => {
      const column = draft.columns[layerId];
      column.hidden = change(column.hidden);
    });
    if (app.state.columns[layerId].hidden.length === 0) close();
    else {
      content.replaceChildren(...build());
      // The button that was pressed is gone: the next one takes the focus.
      content.querySelector("button")?.focus();
    }
  };
  const content = el("div", { class: "hidden-menu" });
  function build() {
    const { hidden } = app.state.columns[layerId];
    return [
      el("h3", {}, "Hidden neurons"),
      el("p", { class: "quiet" }, "Choose one to bring it back."),
      el("div", { class: "chips" }, ...hidden.map((neuron) => el("button", {
        type: "button", class: "chip", "aria-label": `Bring back neuron ${neuron}`, onClick: () => keep((all) => all.filter((n) => n !== neuron)),
      }, String(neuron)))),
      el("div", { class: "buttons" }, el("button", { type: "button", class: "primary", id: "show-all-hidden", onClick: () => keep(() => []) }, "Bring back all")),
    ];
  }
  content.append(...build());
  return content;
}
