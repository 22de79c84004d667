/**
 * Which items of a list stay when it becomes another one: a longest common subsequence, found by dynamic
 * programming after what both begin and end with is set aside (J. W. Hunt and M. D. McIlroy, "An Algorithm
 * for Differential File Comparison", 1976, without the candidates).
 */

/** Lists that differ throughout and have more pairs than this are not compared: all is replaced. */
const MOST_PAIRS = 4_000_000;

/**
 * For each of `wanted`, the index of the item of `old` that it is, or -1. Indexes rise.
 *
 * @param {string[]} old
 * @param {string[]} wanted
 * @returns {number[]}
 */
export function align(old, wanted) {
  const shorter = Math.min(old.length, wanted.length);
  let head = 0;
  while (head < shorter && old[head] === wanted[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === wanted.at(-1 - tail)) {
    tail += 1;
  }
  const middle = between(old.slice(head, old.length - tail), wanted.slice(head, wanted.length - tail));
  return [
    ...wanted.slice(0, head).map((_, index) => index),
    ...middle.map((index) => (index < 0 ? -1 : index + head)),
    ...wanted.slice(wanted.length - tail).map((_, index) => old.length - tail + index),
  ];
}

function between(old, wanted) {
  const found = wanted.map(() => -1);
  if (old.length * wanted.length > MOST_PAIRS) {
    return found;
  }
  const common = lengths(old, wanted);
  for (let i = 0, j = 0; i < old.length && j < wanted.length; ) {
    if (old[i] === wanted[j]) {
      found[j++] = i++;
    } else if (common[i + 1][j] >= common[i][j + 1]) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return found;
}

/** How long the longest common subsequence of what follows each pair of places is. */
function lengths(old, wanted) {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(wanted.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = wanted.length - 1; j >= 0; j -= 1) {
      const shared = old[i] === wanted[j];
      table[i][j] = shared ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}
