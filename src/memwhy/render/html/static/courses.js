// The figures below the pointer: a line across the picture, and every run's value at that moment. The slider does the same by keyboard.
(function () {
  "use strict";
  var memwhy = window.memwhy, SPACE = "http://www.w3.org/2000/svg";

  function nearest(xs, at) {
    var low = 0, high = xs.length - 1;
    while (high - low > 1) {
      var middle = (low + high) >> 1;
      if (xs[middle] <= at) low = middle; else high = middle;
    }
    return at - xs[low] <= xs[high] - at ? low : high;
  }
  function amount(data, value) {
    if (data.unit !== "bytes") return (data.change && value > 0 ? "+" : "") + value.toLocaleString("en");
    return (data.change && value > 0 ? "+" : "") + memwhy.size(value);
  }

  document.querySelectorAll("figure.course").forEach(function (figure) {
    var holder = figure.querySelector("script[type='application/json']"), slider = figure.querySelector("input[type=range]");
    if (!holder || !slider) return;
    var data = JSON.parse(holder.textContent), said = figure.querySelector("output");
    var pictures = Array.prototype.map.call(figure.querySelectorAll("svg.courses"), function (svg) {
      var cursor = document.createElementNS(SPACE, "line");
      cursor.setAttribute("class", "cursor");
      cursor.setAttribute("y1", svg.dataset.top);
      cursor.setAttribute("y2", svg.dataset.bottom);
      cursor.setAttribute("visibility", "hidden");
      svg.appendChild(cursor);
      return { svg: svg, cursor: cursor, left: +svg.dataset.left, right: +svg.dataset.right };
    });
    var first = +pictures[0].svg.dataset.first, last = +pictures[0].svg.dataset.last;

    function show(share) {
      var at = first + share * (last - first);
      pictures.forEach(function (one) {
        var x = one.left + share * (one.right - one.left);
        one.cursor.setAttribute("x1", x);
        one.cursor.setAttribute("x2", x);
        one.cursor.setAttribute("visibility", "visible");
      });
      var parts = data.traces.map(function (trace) {
        var reach = (trace.x[trace.x.length - 1] - trace.x[0]) / Math.max(1, trace.x.length - 1);
        if (at < trace.x[0] - reach || at > trace.x[trace.x.length - 1] + reach) return trace.name + " –";
        var value = trace.y[nearest(trace.x, at)];
        return trace.name + " " + amount(data, data.change ? value - trace.y[0] : value);
      });
      said.textContent = (data.timed ? memwhy.time(at) : "reading " + (Math.round(at) + 1)) + ": " + parts.join(", ");
    }
    slider.addEventListener("input", function () { show(slider.value / 1000); });
    pictures.forEach(function (one) {
      one.svg.addEventListener("pointermove", function (event) {
        var box = one.svg.getBoundingClientRect(), scale = one.svg.viewBox.baseVal.width / box.width;
        var share = ((event.clientX - box.left) * scale - one.left) / (one.right - one.left);
        share = Math.min(1, Math.max(0, share));
        slider.value = Math.round(share * 1000);
        show(share);
      });
    });
  });
})();
