/** What is done with several neurons at once: kept as a named set, pinned, hidden, shown alone; and the bar that offers it for the selected rows. */

import { byId, el, set, setText } from "../dom.js";
import { count, plural } from "../model/format.js";
import { freeName, SET_MAX, SET_NAME_MAX, SETS_MAX } from "../model/finding.js";
import { HIDDEN_MAX, PINNED_MAX } from "../model/state.js";
import { pick } from "../view/selecting.js";

/** @typedef {import("../app.js").App} App */

/**
 * Keeps neurons under a name, in the link.
 * @param {App} app
 * @param {string} wish for a name
 * @param {Readonly<Record<string, readonly number[]>>} layers neurons by layer
 * @returns {string | null} its name; null where there is no room
 */
export function keep(app, wish, layers) {
  const most = Math.max(...Object.values(layers).map((neurons) => neurons.length));
  if (most > SET_MAX) {
    app.tell(`A set holds up to ${SET_MAX} neurons of a layer, and these are ${count(most)}. The condition itself is kept in the link.`);
    return null;
  }
  if (app.state.sets.length >= SETS_MAX) {
    app.tell(`There are ${SETS_MAX} sets already: remove one first.`);
    return null;
  }
  const name = freeName(app.state.sets, wish);
  app.update((draft) => {
    draft.sets.push({ name, layers: Object.fromEntries(Object.entries(layers).map(([id, neurons]) => [id, [...neurons]])) });
  });
  app.tell(`Kept in the link as the set “${name}”.`);
  return name;
}

/**
 * A field for a name; `done` is told it, or nothing where the reader thought better of it.
 * @param {string} wish
 * @param {(name: string | null) => void} done
 */
export function nameField(wish, done) {
  const input = el("input", { type: "text", class: "set-name", "aria-label": "Name of the set", value: wish, maxlength: SET_NAME_MAX });
  let isDone = false;
  /** @param {string | null} name */
  const end = (name) => {
    if (isDone) return;
    isDone = true;
    done(name);
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // What takes the focus must not be pressed by the same key.
    event.preventDefault();
    end(event.key === "Enter" ? input.value.trim() || wish : null);
  });
  input.addEventListener("blur", () => end(null));
  return input;
}

/**
 * Pins the neurons for which the condition holds, those first that come first in the order of their column.
 * @param {App} app
 * @param {import("../data/filters.js").Filters} filters
 * @param {import("../view/activation.js").ActivationView} activation
 */
export async function pinFirst(app, filters, activation) {
  const where = app.state.filter?.where ?? "";
  const columns = await Promise.all(activation.shown().map(async ({ layer, frame: { arrangement: { query } } }) => {
    const answer = filters.of(layer.id, where);
    if (answer.state !== "ready") return { layer, neurons: [] };
    const { neurons } = await filters.tables.table(layer.id, query);
    return { layer, neurons: [...neurons].filter((neuron) => answer.mask[neuron]) };
  })).catch(() => []);
  pinAll(app, columns.map(({ layer, neurons }) => [layer.id, neurons]));
}

/** @param {App} app @param {[string, readonly number[]][]} layers */
function pinAll(app, layers) {
  let left = 0;
  app.update((draft) => {
    for (const [id, neurons] of layers) {
      const all = [...new Set([...draft.columns[id].pinned, ...neurons])];
      draft.columns[id].pinned = all.slice(0, PINNED_MAX);
      left += Math.max(0, all.length - PINNED_MAX);
    }
  });
  if (left > 0) app.tell(`${PINNED_MAX} neurons of a layer can be pinned: ${count(left)} of these are not.`);
}

/**
 * The bar below the rows that are selected: over the picture, so that no row moves.
 * @param {App} app
 */
export function pickedBar(app) {
  const words = el("b", { role: "status" });
  /** @param {string} id @param {string} text @param {string} title @param {() => void} run */
  const button = (id, text, title, run) => el("button", { type: "button", id, title, onClick: run }, text);
  const name = el("span");
  const bar = el("div", { id: "picked-bar", class: "card", role: "toolbar", "aria-label": "Selected neurons", hidden: true }, words,
    button("picked-pin", "Pin", "Keep them on top in every order", () => {
      const { picked } = app.state;
      if (picked) pinAll(app, [[picked.layer, picked.neurons]]);
    }),
    button("picked-hide", "Hide", "“hidden” above the column brings them back", hide),
    button("picked-only", "Only these", "Show these neurons alone", () => {
      const kept = keepPicked("selected");
      if (kept !== null) only(kept);
    }),
    button("picked-keep", "Keep as a set", "Under a name of its own, in the link", () => {
      const input = nameField("set", (wish) => {
        name.replaceChildren();
        if (wish) keepPicked(wish);
      });
      name.replaceChildren(input);
      input.select();
    }), name,
    button("picked-none", "×", "Select none (Esc)", () => {
      const { picked } = app.state;
      if (picked) pick(app, picked.layer, []);
    }));
  set(/** @type {Element} */ (bar.lastElementChild), "aria-label", "Select none");
  bar.lastElementChild?.classList.add("icon-button");
  byId("stage").append(bar);

  function hide() {
    const { picked } = app.state;
    if (!picked) return;
    const all = [...new Set([...app.state.columns[picked.layer].hidden, ...picked.neurons])];
    if (all.length > HIDDEN_MAX) return app.tell(`${HIDDEN_MAX} neurons can be hidden one by one: use a condition for more.`);
    app.update((draft) => {
      draft.columns[picked.layer].hidden = all;
      draft.picked = null;
    });
    app.tell(`${plural(picked.neurons.length, "neuron")} hidden.`, { label: "Undo", run: () => app.undo() });
  }

  /** @param {string} wish */
  function keepPicked(wish) {
    const { picked } = app.state;
    return picked && keep(app, wish, { [picked.layer]: picked.neurons });
  }

  /** @param {string} kept */
  function only(kept) {
    app.update((draft) => {
      draft.filter = { where: `set(${kept})`, way: "only" };
      draft.picked = null;
      for (const column of Object.values(draft.columns)) column.top = 0;
    });
  }

  const update = () => {
    const { picked, layers } = app.state;
    bar.hidden = !picked || !layers.includes(picked.layer);
    if (picked) setText(words, `${plural(picked.neurons.length, "neuron")} selected${layers.length > 1 ? ` in ${app.shortNames.get(picked.layer)}` : ""}`);
  };
  app.onChange(update);
  update();
}
