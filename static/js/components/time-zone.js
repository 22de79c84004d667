/** Wraps a field for a time zone, and fills in the browser's own as long as nobody has chosen another. */

export class TimeZone extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (field && own && field.value === "UTC" && field.value === field.defaultValue) {
      field.value = own;
    }
  }
}
