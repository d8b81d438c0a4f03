// What every page can do: choose a theme, search, show where one is, open what a link leads to.
(function () {
  "use strict";
  var root = document.documentElement;
  var memwhy = (window.memwhy = { themed: [], searched: [], focused: [] });

  memwhy.data = function () {
    var holder = document.getElementById("data");
    return holder ? JSON.parse(holder.textContent) : null;
  };
  memwhy.colour = function (name) {
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  };
  var units = [["GiB", 1 << 30], ["MiB", 1 << 20], ["KiB", 1 << 10]];
  memwhy.size = function (bytes) {
    if (bytes === null || bytes === undefined) return "–";
    var most = Math.abs(bytes);
    for (var i = 0; i < units.length; i++) {
      if (most >= units[i][1] * (i === 2 ? 1 : 0.9765625)) return (bytes / units[i][1]).toFixed(1) + " " + units[i][0];
    }
    return Math.round(bytes) + " B";
  };
  memwhy.time = function (seconds) {
    var left = Math.round(Math.abs(seconds)), parts = [];
    [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].forEach(function (unit) {
      if (left >= unit[1]) {
        parts.push(Math.floor(left / unit[1]) + " " + unit[0]);
        left %= unit[1];
      }
    });
    return parts.length ? (seconds < 0 ? "-" : "") + parts.slice(0, 2).join(" ") : "0 s";
  };
  memwhy.still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  // -- theme ----------------------------------------------------------------------------------
  var button = document.getElementById("theme");
  var wantsDark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    var chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : wantsDark.matches;
  }
  function themed() {
    button.setAttribute("aria-pressed", String(isDark()));
    memwhy.themed.forEach(function (told) { told(); });
  }
  button.addEventListener("click", function () {
    var next = isDark() ? "light" : "dark", isSystems = (next === "dark") === wantsDark.matches;
    if (isSystems) root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", next);
    try {
      if (isSystems) window.localStorage.removeItem("memwhy-theme");
      else window.localStorage.setItem("memwhy-theme", next);
    } catch (refused) { /* for this visit only */ }
    themed();
  });
  wantsDark.addEventListener("change", themed);
  button.setAttribute("aria-pressed", String(isDark()));

  // -- links to what lies folded, and to a chart ----------------------------------------------------
  function arrive() {
    var id = decodeURIComponent(window.location.hash.slice(1));
    var target = id && document.getElementById(id);
    if (!target) return;
    for (var one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
    memwhy.focused.forEach(function (told) { told(target.dataset.metric || null); });
  }
  window.addEventListener("hashchange", arrive);
  window.addEventListener("load", arrive);

  // -- where one is -----------------------------------------------------------------------------
  var contents = document.querySelector("nav.contents details");
  if (contents && window.matchMedia("(max-width: 1099px)").matches) contents.open = false;
  var links = {};
  document.querySelectorAll("nav.contents a").forEach(function (link) { links[link.hash.slice(1)] = link; });
  if ("IntersectionObserver" in window) {
    var seen = {};
    var watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) { seen[entry.target.id] = entry.isIntersecting; });
      var first = Object.keys(links).find(function (id) { return seen[id]; });
      Object.keys(links).forEach(function (id) { links[id].setAttribute("aria-current", String(id === first)); });
    }, { rootMargin: "-80px 0px -50% 0px" });
    Object.keys(links).forEach(function (id) {
      var section = document.getElementById(id);
      if (section) watcher.observe(section);
    });
  }

  // -- search: only what has the words stays, and its sections ------------------------------------------
  var box = document.getElementById("search"), found = document.getElementById("found");
  var ITEMS = "main tbody tr, main li, main p, main details.cause, main .held .line, main .site, main dl > div, main pre";
  var sections = Array.prototype.slice.call(document.querySelectorAll("main > section, main > header"));
  var opened = [], items = null, timer = 0;
  function texts() {
    if (items) return items;
    items = [];
    document.querySelectorAll(ITEMS).forEach(function (element) {
      if (element.parentElement.closest(ITEMS.replace(/main /g, ""))) return;
      items.push({ element: element, text: element.textContent.toLowerCase(), section: element.closest("section, header") });
    });
    return items;
  }
  function search() {
    var words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    opened.forEach(function (details) { details.open = false; });
    opened = [];
    var hits = 0, kept = new Set();
    texts().forEach(function (item) {
      var matches = words.every(function (word) { return item.text.indexOf(word) >= 0; });
      item.element.classList.toggle("hidden", !matches);
      if (!matches || !words.length) return;
      hits += 1;
      kept.add(item.section);
      for (var one = item.element; one && one !== item.section; one = one.parentElement) {
        if (one.tagName === "DETAILS" && !one.open) { one.open = true; opened.push(one); }
      }
    });
    var term = words.join(" ");
    var boxes = 0;
    memwhy.searched.forEach(function (told) {
      var answer = told(term);
      boxes += answer.hits;
      if (answer.hits) kept.add(answer.section);
    });
    sections.forEach(function (section) { section.classList.toggle("hidden", words.length > 0 && !kept.has(section)); });
    var count = hits + boxes;
    found.textContent = words.length ? (count ? count + " found" : "nothing found") : "";
  }
  box.addEventListener("input", function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(search, 80);
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && box.value) { box.value = ""; search(); }
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      box.focus();
    }
  });
})();
