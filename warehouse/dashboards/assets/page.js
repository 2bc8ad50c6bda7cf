/* Ages that go on growing between two refreshes, and while nothing arrives: the browser counts them on from the
   moment of the event, by the server's clock. Also notices when the server itself is silent, and the pause button. */
(function () {
  "use strict";
  const LOST_AFTER_MS = 6000;
  let serverOffset = 0;             // server's clock minus this browser's, from the newest answer
  let heardAt = performance.now();
  let isPaused = false;

  function words(milliseconds) {
    if (milliseconds < -2000) { return span(-milliseconds) + " ahead of the clock"; }
    return span(Math.max(milliseconds, 0)) + " old";
  }

  function span(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    if (seconds < 60) { return seconds + " s"; }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) { return minutes + " min " + String(seconds % 60).padStart(2, "0") + " s"; }
    const hours = Math.floor(minutes / 60);
    if (hours < 48) { return hours + " h " + String(minutes % 60).padStart(2, "0") + " min"; }
    return Math.floor(hours / 24) + " days";
  }

  function verdict(tile, age) {
    if (age <= 1000 * Number(tile.dataset.live)) { return ["live", "live"]; }
    if (age <= 1000 * Number(tile.dataset.late)) { return ["late", "delayed"]; }
    return ["stuck", "nothing new"];
  }

  function write(element, text) {
    if (element && element.textContent !== text) { element.textContent = text; }
  }

  function tick() {
    const now = Date.now() + serverOffset;
    document.querySelectorAll(".age[data-at]").forEach(function (element) {
      write(element, words(now - Number(element.dataset.at)));
    });
    document.querySelectorAll(".tile[data-live]").forEach(function (tile) {
      const age = now - Number(tile.querySelector(".age").dataset.at);
      const [state, text] = verdict(tile, age);
      if (tile.dataset.state !== state) { tile.dataset.state = state; }
      document.body.dataset[tile.dataset.stream] = state;
      write(tile.querySelector(".verdict"), text);
    });
    const isLost = !isPaused && performance.now() - heardAt > LOST_AFTER_MS;
    document.body.classList.toggle("is-lost", isLost);
    document.body.classList.toggle("is-paused", isPaused);
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page: {
      beat: function (heartbeat) {
        if (heartbeat) {
          serverOffset = heartbeat.now - Date.now();
          heardAt = performance.now();
          tick();
        }
      },
      pause: function (clicks) {
        isPaused = clicks % 2 === 1;
        heardAt = performance.now();
        tick();
        return [isPaused, isPaused ? "Go on" : "Pause", String(isPaused)];
      },
    },
  });

  // React fills the page some time after this script: look four times a second, write only what changed.
  setInterval(tick, 250);
})();
