// The layers over time: stacked areas, the total and what the runtime says of itself over them, the gap between named.
(function () {
  "use strict";
  var memwhy = window.memwhy, data = memwhy.data();
  var host = document.getElementById("timeline");
  if (!host || !data || !data.timeline) return;
  var told = data.timeline, xs = told.x, focus = null, off = {};

  function stacked() {
    var sums = new Array(xs.length).fill(0), rows = [];
    told.bands.forEach(function (band) {
      if (off[band.key]) { rows.push(sums.slice()); return; }
      sums = sums.map(function (sum, i) { return sum + Math.max(0, band.v[i]); });
      rows.push(sums);
    });
    return rows.reverse();  // the highest is painted first, the lower ones over it
  }
  function columns() {
    return [xs].concat(stacked(), [told.total.v], told.lines.map(function (line) { return line.v; }));
  }
  function faded(colour, isFaded) {
    return isFaded ? "color-mix(in srgb, " + colour + " 30%, " + memwhy.colour("surface") + ")" : colour;
  }
  var canvasColour = (function () {
    var probe = document.createElement("canvas").getContext("2d");
    return function (text) { probe.fillStyle = "#000"; probe.fillStyle = text; return probe.fillStyle; };
  })();

  function bandSeries(band) {
    return {
      label: band.label,
      fill: function () { return canvasColour(faded(band.colour, focus !== null && focus !== band.key)); },
      stroke: function () { return memwhy.colour("surface"); },
      width: 0.7, points: { show: false },
    };
  }
  function lineSeries(line) {
    return {
      label: line.label, width: 1.8, dash: line.dash, spanGaps: false, points: { show: false },
      stroke: function () { return memwhy.colour(line.limit ? "bad" : "ink"); },
    };
  }
  var SIZES = [];
  for (var power = 0; power < 46; power += 10) [1, 2, 5, 10, 20, 50, 100, 200, 500].forEach(function (n) { SIZES.push(n * Math.pow(2, power)); });
  var TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
  function ticks(steps, least) {
    return function (u, axis, low, high, _, space) {
      var room = Math.max(1, (axis === 0 ? u.bbox.width : u.bbox.height) / window.devicePixelRatio / least);
      var step = steps.find(function (one) { return (high - low) / one <= room; }) || steps[steps.length - 1];
      var found = [];
      for (var at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
      return found;
    };
  }
  function shortSize(bytes) { return bytes === 0 ? "0" : memwhy.size(bytes).replace(".0 ", " "); }
  function moment(x) {
    if (told.clock === "order") return "reading " + (x + 1);
    var text = memwhy.time(x);
    return told.begun ? text + " (" + new Date(told.begun + x * 1000).toISOString().slice(11, 19) + (told.clock === "wall" ? ")" : " UTC)") : text;
  }

  // The gap: a bracket at the right edge, from what Go holds at most up to the total.
  function bracket(u) {
    var held = told.lines.find(function (line) { return line.gap; });
    if (!held) return;
    var last = u.valToIdx(u.scales.x.max), at = held.v[last], whole = told.total.v[last];
    if (at === null || at === undefined) return;
    var dpr = window.devicePixelRatio, ctx = u.ctx;
    var top = u.valToPos(whole, "y", true), bottom = u.valToPos(at, "y", true), x = u.bbox.left + u.bbox.width - 10 * dpr;
    if (bottom - top < 30 * dpr) return;
    ctx.save();
    ctx.setLineDash([]);
    ctx.strokeStyle = memwhy.colour("ink");
    ctx.lineWidth = 1.4 * dpr;
    ctx.beginPath();
    ctx.moveTo(x - 4 * dpr, top); ctx.lineTo(x + 4 * dpr, top);
    ctx.moveTo(x, top); ctx.lineTo(x, bottom);
    ctx.moveTo(x - 4 * dpr, bottom); ctx.lineTo(x + 4 * dpr, bottom);
    ctx.stroke();
    ctx.font = "600 " + 13 * dpr + "px system-ui, sans-serif";
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    ctx.lineWidth = 4 * dpr;
    ctx.strokeStyle = memwhy.colour("surface");
    ctx.fillStyle = memwhy.colour("ink");
    var words = "outside Go, at least " + memwhy.size(whole - at);
    ctx.strokeText(words, x - 9 * dpr, (top + bottom) / 2);
    ctx.fillText(words, x - 9 * dpr, (top + bottom) / 2);
    ctx.restore();
  }
  function strokes(u) {
    var dpr = window.devicePixelRatio, ctx = u.ctx, taken = -1e9;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = memwhy.colour("muted");
    ctx.setLineDash([2 * dpr, 3 * dpr]);
    ctx.font = 12 * dpr + "px system-ui, sans-serif";
    told.marks.forEach(function (mark) {
      if (mark.x < u.scales.x.min || mark.x > u.scales.x.max) return;
      var x = u.valToPos(mark.x, "x", true), wide = ctx.measureText(mark.text).width;
      ctx.beginPath(); ctx.moveTo(x, u.bbox.top); ctx.lineTo(x, u.bbox.top + u.bbox.height); ctx.stroke();
      var from = Math.min(Math.max(u.bbox.left, x - wide / 2), u.bbox.left + u.bbox.width - wide);
      if (from < taken) return;
      ctx.fillText(mark.text, from, u.bbox.top - 5 * dpr);
      taken = from + wide + 10 * dpr;
    });
    ctx.restore();
  }

  // -- the legend says the figures of the moment under the cursor ----------------------------------------
  var legend = document.getElementById("legend"), says = document.getElementById("moment"), outputs = [];
  function entry(one, colour, isLine) {
    var item = document.createElement("li"), button = document.createElement("button"), output = document.createElement("output");
    var swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg"), name = document.createElement("span");
    swatch.setAttribute("class", "swatch");
    swatch.setAttribute("viewBox", "0 0 20 12");
    swatch.setAttribute("aria-hidden", "true");
    var shape = document.createElementNS("http://www.w3.org/2000/svg", isLine ? "line" : "rect");
    if (isLine) {
      [["x1", 0], ["x2", 20], ["y1", 6], ["y2", 6], ["stroke", "currentColor"], ["stroke-width", one.strong ? 3 : 2],
        ["stroke-dasharray", (one.dash || []).join(" ")]].forEach(function (pair) { shape.setAttribute(pair[0], pair[1]); });
    } else {
      [["width", 20], ["height", 12], ["rx", 2], ["fill", colour]].forEach(function (pair) { shape.setAttribute(pair[0], pair[1]); });
    }
    swatch.appendChild(shape);
    name.className = "name";
    name.textContent = (one.growing ? "▲ " : "") + one.label;
    button.type = "button";
    button.title = one.note || one.label;
    if (one.growing) item.className = "grow";
    [swatch, name, output].forEach(function (part) { button.appendChild(part); });
    item.appendChild(button);
    legend.appendChild(item);
    outputs.push([output, one.v]);
    return button;
  }
  function show(index) {
    var at = index === null || index === undefined ? xs.length - 1 : index;
    outputs.forEach(function (pair) { pair[0].textContent = memwhy.size(pair[1][at]); });
    says.textContent = index === null || index === undefined ? "at the end" : "at " + moment(xs[at]);
  }
  function toggles(button, key, change) {
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", function () {
      var isOff = button.getAttribute("aria-pressed") === "true";
      button.setAttribute("aria-pressed", String(!isOff));
      change(isOff);
    });
  }

  var count = told.bands.length;
  var chart = new uPlot({
    width: host.clientWidth, height: height(),
    padding: [18, 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: true }, points: { show: false } },
    scales: {
      x: { time: false },
      y: { range: function (u, low, high) { return [0, (high || 1) * 1.05]; } },
    },
    axes: [
      {
        stroke: function () { return memwhy.colour("muted"); }, grid: { show: false },
        ticks: { stroke: function () { return memwhy.colour("line"); }, size: 5 }, font: "12px system-ui, sans-serif",
        splits: ticks(told.clock === "order" ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] : TIMES, 80),
        values: function (u, at) { return at.map(function (x) { return told.clock === "order" ? String(x + 1) : x === 0 ? "0" : memwhy.time(x); }); },
      },
      {
        stroke: function () { return memwhy.colour("muted"); }, font: "12px system-ui, sans-serif", size: 72,
        grid: { stroke: function () { return memwhy.colour("line"); }, width: 1 }, ticks: { show: false },
        splits: ticks(SIZES, 55), values: function (u, at) { return at.map(shortSize); },
      },
    ],
    series: [{}].concat(
      told.bands.slice().reverse().map(bandSeries),
      [{ label: told.total.label, width: 2.2, points: { show: false }, stroke: function () { return memwhy.colour("ink"); } }],
      told.lines.map(lineSeries)
    ),
    hooks: { draw: [bracket, strokes], setCursor: [function (u) { show(u.cursor.idx); }] },
  }, columns(), host);
  function height() { return Math.max(260, Math.min(440, Math.round(host.clientWidth * 0.42))); }

  told.total.strong = true;
  toggles(entry(told.total, "", true), "", function (isOff) { chart.setSeries(count + 1, { show: !isOff }); });
  told.lines.forEach(function (line, i) {
    toggles(entry(line, "", true), line.key, function (isOff) { chart.setSeries(count + 2 + i, { show: !isOff }); });
  });
  told.bands.slice().reverse().forEach(function (band, i) {
    if (band.key === told.total.key) return;
    var button = entry(band, band.colour, false);
    toggles(button, band.key, function (isOff) {
      off[band.key] = isOff;
      chart.setData(columns(), false);
      chart.setSeries(i + 1, { show: !isOff });
    });
    button.addEventListener("mouseenter", function () { focus = band.key; chart.redraw(false); });
    button.addEventListener("mouseleave", function () { focus = null; chart.redraw(false); });
  });
  show(null);

  host.addEventListener("keydown", function (event) {
    var step = { ArrowLeft: -1, ArrowRight: 1, Home: -xs.length, End: xs.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    var now = chart.cursor.idx === null || chart.cursor.idx === undefined ? xs.length - 1 : chart.cursor.idx;
    var next = Math.max(0, Math.min(xs.length - 1, now + step * (event.shiftKey ? 10 : 1)));
    chart.setCursor({ left: chart.valToPos(xs[next], "x"), top: 10 });
  });
  document.getElementById("whole").addEventListener("click", function () {
    chart.setScale("x", { min: xs[0], max: xs[xs.length - 1] });
  });
  document.getElementById("later").addEventListener("click", function () {
    var from = chart.scales.x.min, to = chart.scales.x.max;
    chart.setScale("x", { min: (from + to) / 2, max: to });
  });
  memwhy.themed.push(function () { chart.redraw(false); });
  memwhy.focused.push(function (metric) {
    focus = told.bands.some(function (band) { return band.key === metric; }) ? metric : null;
    chart.redraw(false);
  });
  new ResizeObserver(function () { chart.setSize({ width: host.clientWidth, height: height() }); }).observe(host);
  memwhy.chart = chart;
})();
