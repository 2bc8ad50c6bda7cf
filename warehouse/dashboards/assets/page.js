/* Updates the page to the sections that the server sends: only nodes that differ are changed, so nothing flickers.
   Ages keep growing between two refreshes and while no data arrives: the browser computes them from the event time and
   the server's clock. Also shows when the server does not answer, and implements the pause button. */
(function () {
  "use strict";
  const DISCONNECTED_AFTER_MS = 5000;  // without an answer, in addition to three refreshes
  let serverOffset = 0;                // server's clock minus this browser's, from the newest answer
  let answeredAt = performance.now();
  let tickedAt = performance.now();
  let isPaused = false;
  const pending = {};                  // sections that arrived before their place in the page existed

  function ageText(milliseconds) {
    if (milliseconds < -2000) { return duration(-milliseconds) + " ahead of the clock"; }
    return duration(Math.max(milliseconds, 0)) + " old";
  }

  function duration(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    if (seconds < 60) { return seconds + " s"; }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) { return minutes + " min " + String(seconds % 60).padStart(2, "0") + " s"; }
    const hours = Math.floor(minutes / 60);
    if (hours < 48) { return hours + " h " + String(minutes % 60).padStart(2, "0") + " min"; }
    return Math.floor(hours / 24) + " days";
  }

  function status(tile, age) {
    if (age <= 1000 * Number(tile.dataset.live)) { return ["live", "live"]; }
    if (age <= 1000 * Number(tile.dataset.late)) { return ["late", "delayed"]; }
    return ["stuck", "nothing new"];
  }

  function setText(element, text) {
    if (element && element.textContent !== text) { element.textContent = text; }
  }

  function page() {
    return document.getElementById("page") || { dataset: { refresh: 0 } };
  }

  // Milliseconds without an answer of the server, not counting time in which this browser slept or was busy.
  function millisecondsWithoutAnswer() {
    const now = performance.now();
    if (now - tickedAt > 1500) { answeredAt += now - tickedAt; }
    tickedAt = now;
    return now - answeredAt;
  }

  function tick() {
    const now = Date.now() + serverOffset;
    document.querySelectorAll(".age[data-at]").forEach(function (element) {
      setText(element, ageText(now - Number(element.dataset.at)));
    });
    document.querySelectorAll(".tile[data-live]").forEach(function (tile) {
      const age = now - Number(tile.querySelector(".age").dataset.at);
      const [state, text] = status(tile, age);
      if (tile.dataset.state !== state) { tile.dataset.state = state; }
      document.body.dataset[tile.dataset.stream] = state;
      setText(tile.querySelector(".status"), text);
    });
    const isDisconnected = !isPaused && millisecondsWithoutAnswer() > DISCONNECTED_AFTER_MS + 3 * Number(page().dataset.refresh);
    document.body.classList.toggle("is-disconnected", isDisconnected);
    document.body.classList.toggle("is-paused", isPaused);
  }

  // ---- sections: trees of {tag, attributes, color, children} and text, see elements.py ----
  function show(parent, trees) {
    trees.forEach(function (tree, index) {
      const node = parent.childNodes[index];
      if (typeof tree === "string") { showText(parent, node, tree); return; }
      const isSame = node && node.nodeType === Node.ELEMENT_NODE && node.localName === tree.tag;
      const element = isSame ? node : document.createElement(tree.tag);
      showAttributes(element, tree);
      if (!element.classList.contains("browser-text")) { show(element, tree.children); }
      if (!isSame) { put(parent, element, node); }
    });
    while (parent.childNodes.length > trees.length) { parent.lastChild.remove(); }
  }

  // The first sections may arrive before React has created their places.
  function showPending() {
    Object.entries(pending).forEach(function ([name, tree]) {
      const place = document.getElementById(name);
      if (place) {
        delete pending[name];
        show(place, Array.isArray(tree) ? tree : [tree]);
      }
    });
    tick();
    if (Object.keys(pending).length) { setTimeout(showPending, 20); }
  }

  function showText(parent, node, text) {
    if (node && node.nodeType === Node.TEXT_NODE) {
      if (node.data !== text) { node.data = text; }
    } else {
      put(parent, document.createTextNode(text), node);
    }
  }

  function put(parent, fresh, old) {
    if (old) { parent.replaceChild(fresh, old); } else { parent.appendChild(fresh); }
  }

  // Only attributes that the server sent before are removed: those that this script set, e.g. a tile's state, stay.
  function showAttributes(element, tree) {
    const before = element.shown || {};
    Object.keys(before).forEach(function (name) {
      if (!(name in tree.attributes)) { element.removeAttribute(name); }
    });
    Object.entries(tree.attributes).forEach(function ([name, value]) {
      if (before[name] !== value) { element.setAttribute(name, value); }
    });
    if (element.style.color || tree.color) { element.style.color = tree.color; }
    element.shown = tree.attributes;
  }

  function afterPaint(callback) {
    if (document.querySelector(".ranking")) {
      requestAnimationFrame(function () { setTimeout(callback, 30); });
    } else {
      setTimeout(afterPaint, 20, callback);
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page: {
      show: function (sections) {
        Object.assign(pending, sections);
        showPending();
      },
      beat: function (heartbeat) {
        if (heartbeat) {
          serverOffset = heartbeat.now - Date.now();
          answeredAt = performance.now();
          tick();
        }
      },
      // The chart is created once and later gets new figures only: Dash would rebuild children that are replaced.
      // It waits until the numbers are painted, because the browser shows nothing else while it loads Plotly.
      redraw: function (figure) {
        if (figure && document.getElementById("chart")) {
          window.dash_clientside.set_props("chart", { figure: figure });
        } else if (figure) {
          afterPaint(function () { window.dash_clientside.set_props("painted", { data: true }); });
        }
      },
      makeChart: function (isPainted, figure) {
        const config = { displayModeBar: false, doubleClick: false };
        return isPainted ? { namespace: "dash_core_components", type: "Graph",
          props: { id: "chart", figure: figure, responsive: true, config: config } } : null;
      },
      pause: function (clicks) {
        isPaused = clicks % 2 === 1;
        answeredAt = performance.now();
        tick();
        return [isPaused, isPaused ? "Resume" : "Pause", String(isPaused)];
      },
    },
  });

  // React builds the page some time after this script starts: check four times a second, write only what changed.
  setInterval(tick, 250);
})();
