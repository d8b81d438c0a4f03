// Stacks as trees: the width is what is held, the colour what became of it.
(function () {
  "use strict";
  var memwhy = window.memwhy, data = memwhy.data();
  if (!data || !data.flames) return;
  var GREW = [240, 138, 75], SHRANK = [112, 173, 226], CALM = [222, 226, 231];
  var KINDS = { go: "rgb(169,201,230)", native: "rgb(243,201,139)", kernel: "rgb(211,184,224)", other: "rgb(217,222,227)" };
  var FOUND = "rgb(255,224,71)";

  function mixed(from, to, share) {
    return "rgb(" + from.map(function (part, i) { return Math.round(part + (to[i] - part) * share); }).join(",") + ")";
  }
  // packages without their paths, wherever they stand: a holder's line is a name and a type
  function short(name) { return name.replace(/[^\s[\](){}*,;<>\/]+\//g, ""); }

  data.flames.forEach(function (flame) {
    var host = document.getElementById("flame-" + flame.key), says = document.getElementById("says-" + flame.key);
    if (!host) return;
    var byGrowth = flame.before, width = "now", term = "", current = null, graph = null;
    function amount(value) { return flame.unit === "bytes" ? memwhy.size(value) : String(value); }
    function change(now, before) { return (now >= before ? "+" : "−") + amount(Math.abs(now - before)); }

    // [name, module, kind, now, before, children] → what the graph takes; of growth only what became more
    function tree(row) {
      var children = (row[5] || []).map(tree).filter(function (child) { return child.value > 0; });
      var below = (row[5] || []).reduce(function (sum, child) { return [sum[0] + child[3], sum[1] + child[4]]; }, [0, 0]);
      var own = Math.max(0, row[3] - below[0] - (row[4] - below[1]));
      var grown = children.reduce(function (sum, child) { return sum + child.value; }, own);
      return { name: row[0], module: row[1], kind: row[2], now: row[3], before: row[4], value: width === "now" ? row[3] : grown, children: children };
    }
    function colour(d) {
      if (d.highlight) return FOUND;
      if (!byGrowth) return KINDS[d.data.kind] || KINDS.other;
      var most = Math.max(d.data.now, d.data.before, 1), moved = (d.data.now - d.data.before) / most;
      return moved >= 0 ? mixed(CALM, GREW, moved) : mixed(CALM, SHRANK, -moved);
    }
    function words(d) {
      var one = d.data, parts = [one.name];
      if (one.module) parts.push("(" + one.module + ")");
      parts.push(amount(one.now) + ", " + (flame.root[3] ? (100 * one.now / flame.root[3]).toFixed(1) : "0") + " % of all");
      if (flame.before) parts.push(amount(one.before) + " before, " + change(one.now, one.before));
      return parts.join(" · ");
    }
    function say(d) { says.textContent = d ? words(d) : says.dataset.empty; }

    function draw() {
      host.textContent = "";
      current = null;
      var root = tree(flame.root);
      if (!root.value) {
        host.textContent = "Nothing has grown.";
        return;
      }
      graph = flamegraph.default()
        .width(Math.max(200, host.clientWidth - 6)).cellHeight(19).inverted(true).minFrameSize(1)
        .transitionDuration(memwhy.still ? 0 : 200).tooltip(false).sort(false)
        .getName(function (d) { return short(d.data.name); })
        .setLabelHandler(words).setColorMapper(colour).setDetailsHandler(function (text) { if (!text) say(current); })
        .setSearchMatch(function (d, wanted) { return !!wanted && (d.data.name + " " + d.data.module).toLowerCase().indexOf(wanted) >= 0; })
        .setSearchHandler(function () {})
        .onHover(say)
        .onClick(function (d) { current = d; say(d); });
      d3.select(host).datum(root).call(graph);
      var svg = host.querySelector("svg");
      svg.setAttribute("aria-hidden", "true");
      svg.setAttribute("height", (d3.select(host).datum().height + 1) * 19);
      if (term) graph.search(term);
      say(null);
    }

    // -- keys: down to the largest callee, up to the caller, left and right among its callees --------------
    host.addEventListener("keydown", function (event) {
      if (!graph) return;
      var top = d3.select(host).datum(), at = current || top, next = null;
      var among = at.parent ? at.parent.children : [at], place = among.indexOf(at);
      if (event.key === "ArrowDown") next = at.children && at.children[0];
      else if (event.key === "ArrowUp") next = at.parent;
      else if (event.key === "ArrowLeft") next = among[place - 1];
      else if (event.key === "ArrowRight") next = among[place + 1];
      else if (event.key === "Enter") next = at;
      else if (event.key === "Escape" || event.key === "Home") next = top;
      else return;
      event.preventDefault();
      if (next) graph.zoomTo(next);
    });
    function pressed(id, on) { var one = document.getElementById(id + "-" + flame.key); if (one) one.setAttribute("aria-pressed", String(on)); }
    function wire(id, act) {
      var one = document.getElementById(id + "-" + flame.key);
      if (one) one.addEventListener("click", function () { act(); draw(); });
    }
    wire("reset", function () {});
    wire("only", function () { width = width === "now" ? "grown" : "now"; pressed("only", width === "grown"); });
    wire("kinds", function () {
      byGrowth = !byGrowth;
      pressed("kinds", !byGrowth);
      document.getElementById("scale-" + flame.key).classList.toggle("hidden", !byGrowth);
      document.getElementById("kinds-scale-" + flame.key).classList.toggle("hidden", byGrowth);
    });
    memwhy.searched.push(function (wanted) {
      term = wanted;
      var hits = 0;
      if (graph) {
        if (wanted) graph.search(wanted); else graph.clear();
        d3.select(host).datum().each(function (d) { if (d.highlight) hits += 1; });
      }
      return { hits: hits, section: host.closest("section") };
    });
    var drawn = 0;
    new ResizeObserver(function () {
      if (host.clientWidth && host.clientWidth !== drawn) { drawn = host.clientWidth; draw(); }
    }).observe(host);
  });
})();
