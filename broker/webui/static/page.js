// Copies a whole id or a key when its text is clicked or Enter is pressed on it. Pages work without it.
"use strict";
async function copy(event) {
  if (event.type === "keydown" && event.key !== "Enter") return;
  const place = event.target.closest("[data-copy]");
  if (!place) return;
  const before = place.textContent;
  await navigator.clipboard.writeText(place.dataset.copy);
  place.textContent = "copied";
  setTimeout(() => { place.textContent = before; }, 900);
}
document.addEventListener("click", copy);
document.addEventListener("keydown", copy);
