import assert from "node:assert/strict";
import { test } from "node:test";

import { align } from "../../static/js/models/alignment.js";
import { backoff } from "../../static/js/models/backoff.js";
import { cursorFrom, judge } from "../../static/js/models/cursor.js";
import { about, left } from "../../static/js/models/duration.js";
import { usd } from "../../static/js/models/money.js";
import { percent } from "../../static/js/models/percent.js";
import { isTerminal, label } from "../../static/js/models/status.js";
import { bytesText, sizeProblem } from "../../static/js/models/upload.js";

const ALMOST_ONE = 1 - Number.EPSILON;

test("it doubles the ceiling of the backoff up to the cap", () => {
  const random = () => ALMOST_ONE;
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 2000].map((failures) => backoff(failures, { random }));
  assert.deepEqual(ceilings, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test("it spreads the backoff over the whole range below the ceiling", () => {
  assert.equal(backoff(3, { random: () => 0 }), 0);
  assert.equal(backoff(3, { random: () => 0.5 }), 2_000);
});

test("it tells the next event from one seen and one after a gap", () => {
  const cursor = { epoch: "a", seq: 7 };
  assert.deepEqual([6, 7, 8, 9].map((seq) => judge(cursor, seq)), ["seen", "seen", "next", "gap"]);
  assert.equal(judge(null, 1), "gap");
});

test("it reads a cursor from the page only when it is whole", () => {
  assert.deepEqual(cursorFrom("a", "0"), { epoch: "a", seq: 0 });
  for (const [epoch, seq] of [["", "3"], ["a", ""], ["a", undefined], [undefined, "3"], ["a", "-1"]]) {
    assert.equal(cursorFrom(epoch, seq), null);
  }
});

test("it puts durations into words", () => {
  const words = [
    [0, "any moment now"],
    [3, "a few seconds"],
    [12, "about 15 s"],
    [31, "about 40 s"],
    [54, "about 60 s"],
    [59, "about 1 min"],
    [120, "about 2 min"],
    [3_500, "about 58 min"],
    [3_580, "about 1 h"],
    [4_800, "about 1 h 20 min"],
    [4 * 3_600 + 1_700, "about 4 h 30 min"],
  ];
  for (const [seconds, text] of words) {
    assert.equal(about(seconds), text, `${seconds} s`);
  }
});

test("it counts an estimate down and never below zero", () => {
  const estimate = { seconds: 10, at: 5_000 };
  assert.equal(left(estimate, 5_000), 10);
  assert.equal(left(estimate, 9_000), 6);
  assert.equal(left(estimate, 60_000), 0);
  assert.equal(left(estimate, 1_000), 10, "a clock that was set back adds nothing");
});

test("it writes money with as many decimals as count", () => {
  const amounts = [
    ["0", "$0.00"],
    ["12.5", "$12.50"],
    ["0.1", "$0.10"],
    ["0.0423", "$0.042"],
    ["0.0042", "$0.0042"],
    ["0.00001234", "$0.000012"],
    ["0.0000001", "under $0.000001"],
  ];
  for (const [amount, text] of amounts) {
    assert.equal(usd(amount), text);
  }
});

test("it never writes an unknown price as free", () => {
  assert.equal(usd(null), "not known");
});

test("it rounds percentages down, so that 100% means done", () => {
  assert.deepEqual([0, 0.29, 0.999, 1, 1.2, -1].map(percent), ["0%", "29%", "99%", "100%", "100%", "0%"]);
});

test("it knows the statuses that are final", () => {
  assert.deepEqual(["completed", "failed", "cancelled"].map(isTerminal), [true, true, true]);
  assert.deepEqual(["pending", "queued", "processing", "retrying", undefined].filter(isTerminal), []);
  assert.equal(label("processing"), "Processing");
  assert.equal(label("new-word"), "new-word");
});

test("it says why a file cannot be sent", () => {
  assert.match(sizeProblem({ name: "a.vtt", size: 0 }, 100), /The file is empty/);
  assert.match(sizeProblem({ name: "a.vtt", size: 3_000_000 }, 2_097_152), /2\.9 MB.*2 MB/);
  assert.equal(sizeProblem({ name: "a.vtt", size: 3_000_000 }, NaN), null);
  assert.equal(bytesText(25 * 1024 * 1024), "25 MB");
});

test("it finds which items stay in a list", () => {
  const cases = [
    ["", "", []],
    ["abc", "abc", [0, 1, 2]],
    ["abc", "xabc", [-1, 0, 1, 2]],
    ["abc", "abcx", [0, 1, 2, -1]],
    ["abcd", "ad", [0, 3]],
    ["abc", "xyz", [-1, -1, -1]],
    ["aab", "ab", [0, 2]],
    ["abcabba", "cbabac", [2, 4, -1, 5, 6, -1]],
  ];
  for (const [old, wanted, indexes] of cases) {
    assert.deepEqual(align([...old], [...wanted]), indexes, `${old} to ${wanted}`);
  }
});

test("it compares long lists only where they differ", () => {
  const old = Array.from({ length: 20_000 }, (_, index) => `turn ${index}`);
  const wanted = [...old.slice(0, 9_000), "new", ...old.slice(9_001)];
  const indexes = align(old, wanted);
  assert.deepEqual(indexes.slice(8_999, 9_002), [8_999, -1, 9_001]);
});

test("it tells an uncertain estimate as a range, in the server's words", () => {
  const ranges = [
    [2, 6, "a few seconds"],
    [2, 31, "5 to 40 s"],
    [40, 170, "40 s to 3 min"],
    [180, 480, "3 to 8 min"],
    [3_000, 7_200, "50 min to 2 h"],
    [4_000, 9_000, "1.1 to 2.5 h"],
    [31, 38, "about 40 s"],
  ];
  for (const [seconds, most, words] of ranges) {
    assert.equal(about(seconds, most), words);
  }
});
