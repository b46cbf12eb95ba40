/* What is wider than the screen is scrolled; so that a keyboard can do it, it takes part in the order of tabs. */
function reachable() {
  for (const part of document.querySelectorAll(".formula, .output pre, .output .text_html, pre")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
  }
}
window.addEventListener("load", reachable);
window.addEventListener("resize", reachable);
