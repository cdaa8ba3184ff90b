/* Dark or light, and the size of the type, before the first paint. Not a module, so that it is in time. */
(function () {
  "use strict";
  var theme = localStorage.getItem("rx.theme"), size = localStorage.getItem("rx.type");
  if (theme) document.body.dataset.weuiTheme = theme;
  if (size) document.documentElement.dataset.type = size;
})();
