import assert from "node:assert/strict";
import { test } from "node:test";
import { example, operations, shape, words } from "../../web/src/model/openapi.js";

const document = {
  paths: {
    "/healthz": { get: { operationId: "healthz", summary: "Runs", responses: { 200: { content: { "text/plain": { schema: { type: "string" } } } } } } },
    "/api/v1/datasets/{dataset}/layers/{layer}/compare": {
      get: {
        operationId: "compare", summary: "Two groups", parameters: [{ $ref: "#/components/parameters/layer" }, { $ref: "#/components/parameters/a" }, { $ref: "#/components/parameters/zoom" }],
        responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Pair" } }, "text/csv": { schema: { type: "string" } } } }, 304: { description: "held" }, 404: { $ref: "#/components/responses/404" } },
      },
    },
    "/api/v1/datasets": { get: { operationId: "catalogue", summary: "All", responses: {} } },
  },
  components: {
    parameters: {
      layer: { name: "layer", in: "path", required: true, schema: { type: "string" } },
      a: { name: "a", in: "query", required: true, schema: { type: "string", maxLength: 9 }, description: "A group" },
      zoom: { name: "zoom", in: "query", required: false, schema: { type: "integer", minimum: 0, maximum: 24, default: 0 } },
    },
    responses: { 404: { description: "not there" } },
    schemas: { Pair: { type: "object", required: ["rows"], properties: { rows: { type: "array", items: { type: ["number", "null"] } }, side: { anyOf: [{ type: "object", required: ["x"], properties: { x: { const: 1 } } }, { enum: ["a", "b"] }] } } } },
  },
};

test("operations have their parameters, answers and problems, references followed, in the order of the page", () => {
  const found = operations(document);
  assert.deepEqual(found.map(({ id, part }) => [id, part]), [["catalogue", "Data sets"], ["compare", "A layer"], ["healthz", "The server"]]);
  const compare = found[1];
  assert.deepEqual(compare.parameters.map((one) => [one.name, one.isInPath, one.isRequired, one.type, one.about]), [
    ["layer", true, true, "string", ""], ["a", false, true, "string, at most 9 characters", "A group"], ["zoom", false, false, "integer, 0 to 24, at first 0", ""],
  ]);
  assert.deepEqual(compare.problems, [{ status: "404", about: "not there" }]);
  assert.deepEqual(compare.answers.map(({ type, shape: of }) => [type, of !== ""]), [["application/json", true], ["text/csv", false]]);
});

test("a type is said in a line", () => {
  assert.equal(words(document, { enum: ["a", 1] }), '"a" or 1');
  assert.equal(words(document, { type: "integer", minimum: 0 }), "integer, 0 or more");
  assert.equal(words(document, { type: ["number", "null"] }), "number or null");
  assert.equal(words(document, { type: "string", pattern: "^[0-9a-f]{16}$" }), "string like ^[0-9a-f]{16}$");
  assert.equal(words(document, { type: "string", pattern: "x".repeat(80) }), "string");
  assert.equal(words(document, {}), "anything");
});

test("JSON has one key a line, what may be missing is marked", () => {
  assert.equal(shape(document, { $ref: "#/components/schemas/Pair" }), '{\n  rows: [number or null]\n  side?: {\n    x: 1\n  } or "a" or "b"\n}');
});

test("an example is an address with all that it needs, or none", () => {
  const compare = operations(document)[1];
  assert.equal(example(compare, { dataset: "a b", layer: "x", a: "where:1" }), "api/v1/datasets/a%20b/layers/x/compare?a=where%3A1");
  assert.equal(example(compare, { dataset: "d", layer: "x" }), null);
});
