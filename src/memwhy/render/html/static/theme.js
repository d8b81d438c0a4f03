// Before anything is painted: scripts run, and the theme that was chosen last. Storage may be refused to files.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var chosen = window.localStorage.getItem("memwhy-theme");
    if (chosen === "light" || chosen === "dark") root.setAttribute("data-theme", chosen);
  } catch (refused) { /* the system's theme then */ }
})();
