"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const places = [...document.querySelectorAll(".plot")];
  // Widths in CSS pixels on A4 with the margins of the style sheet: a print is laid out anew, charts must be told.
  const PAPER = { narrow: 380, wide: 694 };

  const config = { displayModeBar: false, responsive: true, showTips: false };
  for (const place of places) {
    const figure = figures[place.id.slice("plot-".length)];
    place.style.height = `${figure.layout.height}px`;
    window.Plotly.newPlot(place, figure.data, figure.layout, config);
  }

  const resize = (place, width) => window.Plotly.relayout(place, width ? { width, autosize: false } : { width: null, autosize: true });
  window.addEventListener("beforeprint", () => {
    for (const place of places) resize(place, PAPER[place.parentElement.classList.contains("wide") ? "wide" : "narrow"]);
  });
  window.addEventListener("afterprint", () => {
    for (const place of places) resize(place, null);
  });
  document.documentElement.dataset.charts = String(places.length);
})();
