/* Changes in the page what differs from the sections that the server sends: nothing is built anew, so nothing flickers.
   Ages that go on growing between two refreshes, and while nothing arrives: the browser counts them on from the
   moment of the event, by the server's clock. Also notices when the server itself is silent, and the pause button. */
(function () {
  "use strict";
  const LOST_AFTER_MS = 5000;       // beyond three refreshes without an answer
  let serverOffset = 0;             // server's clock minus this browser's, from the newest answer
  let heardAt = performance.now();
  let tickedAt = performance.now();
  let isPaused = false;
  const waiting = {};               // sections that came before their place in the page

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

  function page() {
    return document.getElementById("page") || { dataset: { refresh: 0 } };
  }

  // Milliseconds without an answer; time that the browser slept or was busy itself is not the server's fault.
  function silence() {
    const now = performance.now();
    if (now - tickedAt > 1500) { heardAt += now - tickedAt; }
    tickedAt = now;
    return now - heardAt;
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
    const isLost = !isPaused && silence() > LOST_AFTER_MS + 3 * Number(page().dataset.refresh);
    document.body.classList.toggle("is-lost", isLost);
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
      if (!element.classList.contains("counted")) { show(element, tree.children); }
      if (!isSame) { put(parent, element, node); }
    });
    while (parent.childNodes.length > trees.length) { parent.lastChild.remove(); }
  }

  // The first sections may arrive before React has made their places.
  function showWaiting() {
    Object.entries(waiting).forEach(function ([name, tree]) {
      const place = document.getElementById(name);
      if (place) {
        delete waiting[name];
        show(place, Array.isArray(tree) ? tree : [tree]);
      }
    });
    tick();
    if (Object.keys(waiting).length) { setTimeout(showWaiting, 20); }
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

  // Attributes that this script set itself, such as a tile's state, are not the server's to remove.
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

  function afterPaint(go) {
    if (document.querySelector(".ranking")) {
      requestAnimationFrame(function () { setTimeout(go, 30); });
    } else {
      setTimeout(afterPaint, 20, go);
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page: {
      show: function (sections) {
        Object.assign(waiting, sections);
        showWaiting();
      },
      beat: function (heartbeat) {
        if (heartbeat) {
          serverOffset = heartbeat.now - Date.now();
          heardAt = performance.now();
          tick();
        }
      },
      // The chart is made once and then only given new figures: children that are replaced would be built anew.
      // It waits until the numbers are painted, because the browser stands still while it reads Plotly.
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
        heardAt = performance.now();
        tick();
        return [isPaused, isPaused ? "Go on" : "Pause", String(isPaused)];
      },
    },
  });

  // React fills the page some time after this script: look four times a second, write only what changed.
  setInterval(tick, 250);
})();
