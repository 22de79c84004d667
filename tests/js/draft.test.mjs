import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { NOTHING, readable, withPiece } from "../../static/js/models/draft.js";

function written(...pieces) {
  return pieces.reduce((draft, [offset, text]) => withPiece(draft, offset, text), NOTHING);
}

describe("a draft", () => {
  test("it grows by its pieces, whose places are counted in characters", () => {
    const draft = written([0, "A 🚢 "], [4, "sails"]);
    assert.deepEqual(draft, { text: "A 🚢 sails", end: 9, whole: true });
  });

  test("it takes of a piece only what it does not have", () => {
    const draft = written([0, "one two"]);
    assert.equal(withPiece(draft, 4, "two"), draft);
    assert.equal(withPiece(draft, 4, "two three").text, "one two three");
  });

  test("it begins again with a piece that does", () => {
    assert.deepEqual(written([0, "First"], [0, "Se"]), { text: "Se", end: 2, whole: true });
  });

  test("it goes on from a later piece when one is missing, and says so", () => {
    const draft = written([0, "one "], [40, "ten"]);
    assert.deepEqual(draft, { text: "ten", end: 43, whole: false });
    assert.equal(readable(draft), "… ten");
  });
});

describe("what people read of it", () => {
  const cases = [
    ["Plain words.", "Plain words."],
    ['{"title": "We ship on Thursday", "turns": [1, 2]}', "We ship on Thursday"],
    ['{"summary": [{"text": "First one."}, {"text": "Secon', "First one."],
    ['{"summary": [{"text": "First one."}, {"text": "The seco', "First one.\nThe seco"],
    ['```json\n{"text": "In a fence"}', "In a fence"],
    ['{"text": "She said \\"go now\\""', 'She said "go now"'],
    ['{"text": "Two\\nlines here"', "Two\nlines here"],
    ['{"text": "A caf\\u00e9 is', "A café is"],
    ['{"text": "A caf\\u00', "A caf"],
    ['{"text": "A backslash \\', "A backslash "],
    ['{"text": "Colon": ', ""],
    ["{", ""],
    ["", ""],
  ];
  for (const [text, shown] of cases) {
    test(`it is ${JSON.stringify(shown)} of ${text}`, () => {
      assert.equal(readable({ text, end: text.length, whole: true }), shown);
    });
  }

  test("it finds its way into JSON whose beginning is missing", () => {
    const text = 'lost", "text": "From here on", "due": null';
    assert.equal(readable({ text, end: 90, whole: false }), "… From here on");
    assert.equal(readable({ text: '"a": 3', end: 90, whole: false }), "");
  });
});
