/** The page of the HTTP interface: what the server's own description says, with examples on its first data set. */

import { catalogueUrl, metadataUrl } from "./data/api.js";
import { el } from "./dom.js";
import { example, operations } from "./model/openapi.js";
import { restoreTheme } from "./view/theme.js";

/** @typedef {import("./model/openapi.js").Operation} Operation */

restoreTheme();
const body = /** @type {HTMLElement} */ (document.querySelector("main"));

/** @param {string} url */
async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.json();
}

/**
 * What stands for the parameters in examples: of the first data set that is shown to everyone; nothing where there is none.
 * @returns {Promise<Record<string, string>>}
 */
async function values() {
  try {
    const { datasets } = await json(catalogueUrl());
    const { name, version } = datasets[0];
    const metadata = await json(metadataUrl(name, version));
    const known = /** @type {Record<string, string>} */ ({ dataset: name, version, layer: metadata.layers[metadata.layers.length - 1].id, group: "0", level: "0", index: "0", neuron: "0", neurons: "0", row: "0" });
    if (metadata.instances.length > 0) known.instance = "0";
    if (metadata.groups.length > 2) Object.assign(known, { a: "1", b: "2" });
    return known;
  } catch {
    return {};
  }
}

/** @param {Operation} operation @param {Record<string, string>} known */
function section(operation, known) {
  const { id, path, summary, parameters, answers, problems } = operation;
  const address = example(operation, known);
  return el("section", { id, "aria-labelledby": `${id}-title` },
    el("h3", { id: `${id}-title` }, summary),
    el("p", { class: "path" }, el("b", {}, "GET "), el("code", {}, path)),
    parameters.length > 0 && el("div", { class: "table", tabindex: 0, role: "region", "aria-label": `Parameters: ${summary}` }, el("table", {},
      el("thead", {}, el("tr", {}, ...["parameter", "in", "type", ""].map((text) => el(text ? "th" : "td", text ? { scope: "col" } : {}, text)))),
      el("tbody", {}, ...parameters.map((one) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, one.name)), el("td", {}, one.isInPath ? "path" : one.isRequired ? "query, needed" : "query"), el("td", {}, one.type), el("td", {}, one.about)))))),
    ...answers.map(({ type, shape }) => (shape && shape.includes("\n")
      ? el("details", {}, el("summary", {}, "Answer: ", el("code", {}, type)), el("pre", { tabindex: 0 }, shape))
      : el("p", {}, "Answer: ", el("code", {}, type)))),
    problems.length > 0 && el("details", {}, el("summary", {}, `Problems: ${problems.map(({ status }) => status).join(", ")}`), el("ul", {}, ...problems.map(({ status, about }) => el("li", {}, el("b", {}, status), ` ${about}`)))),
    address !== null && el("p", {}, "Example: ", el("a", { href: address }, address)));
}

/** @param {import("./model/openapi.js").Json} description @param {Record<string, string>} known */
function show(description, known) {
  const all = operations(description);
  const parts = [...new Set(all.map(({ part }) => part))];
  /** @param {string} part */
  const of = (part) => all.filter((one) => one.part === part);
  body.replaceChildren(
    el("h1", {}, "HTTP interface"),
    el("p", {}, description.info?.description ?? ""),
    el("p", {}, "Names in addresses are percent-encoded. Problems come as ", el("code", {}, "application/problem+json"), ". A data set with a token wants it as ", el("code", {}, "Authorization: Bearer …"), ". For machines: ", el("a", { href: "openapi.json" }, "openapi.json"), "."),
    ...parts.flatMap((part) => [el("h2", {}, part), ...of(part).map((one) => section(one, known))]),
  );
  /** @type {HTMLElement} */ (document.querySelector("nav")).append(...parts.map((part) => el("div", {}, el("p", { class: "part" }, part), el("ul", {}, ...of(part).map(({ id, summary }) => el("li", {}, el("a", { href: `#${id}` }, summary)))))));
  // The address may name a section that was not there until now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

Promise.all([json("openapi.json"), values()]).then(([description, known]) => show(description, known), (error) => {
  body.replaceChildren(el("h1", {}, "HTTP interface"), el("p", { role: "alert" }, `There is no description here (${error.message}). A site of plain files has no interface of its own: “divergence serve” has.`));
}).finally(() => document.documentElement.setAttribute("data-state", "sharp"));
