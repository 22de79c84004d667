/* A classic script for the head: the chosen theme must stand before the first paint. */
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("theme");
  } catch {
    return; // storage is closed to this page: the system's theme holds
  }
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
})();
