/** Money as the server tells it: a decimal string in USD, or null where the price is not known. */

const SMALLEST = 0.000001;

/**
 * "$1.20", "$0.0042"; at least two decimals, and two figures that count below one cent.
 *
 * @param {string | null} amount null means unknown, which is not the same as free.
 */
export function usd(amount) {
  if (amount === null) {
    return "not known";
  }
  const value = Number(amount);
  if (value > 0 && value < SMALLEST) {
    return "under $0.000001";
  }
  return `$${value.toFixed(decimals(value))}`;
}

function decimals(value) {
  if (value === 0 || value >= 0.1) {
    return 2;
  }
  return Math.min(6, 1 - Math.floor(Math.log10(value)));
}
