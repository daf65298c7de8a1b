// The style of all pages, and the style and the script of report.html: within the page, so that it opens from
// disk without a network.
#pragma once

namespace crisp::report::detail {

/// What all pages of crisp have in common: colours, by day and by night, and text.
inline constexpr const char* page_style = R"css(
:root {
  --ink: #1c2330; --soft: #5d6878; --line: #dde2ea; --paper: #ffffff; --ground: #f4f6f9;
  --accent: #1f6feb; --on: #ffffff; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6eaf0; --soft: #97a3b4; --line: #303846; --paper: #1a1f29; --ground: #11151c;
    --accent: #6ea8ff; --on: #0d1420; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0 0 2px; }
h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 4px 0 14px; color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
)css";

inline constexpr const char* report_style = R"css(
h2 { margin: 36px 0 12px; }
h3 { font-size: 16px; margin: 0 0 10px; }
.cards, .charts, .panels, .details { display: grid; gap: 14px; }
.cards { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 20px 0; }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
.panels { grid-template-columns: repeat(4, 1fr); }
.details { grid-template-columns: repeat(4, 1fr); margin-top: 12px; }
@media (max-width: 640px) { .panels, .details { grid-template-columns: repeat(2, 1fr); } }
.card, .charts > *, section.picture, table {
  background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
}
.card { padding: 12px 16px; }
.card b { display: block; font-size: 22px; }
.card span { color: var(--soft); font-size: 13px; }
.charts > * { padding: 10px; margin: 0; }
section.picture { padding: 18px; margin-bottom: 18px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 13px; color: var(--soft); margin-top: 5px; }
figcaption b { color: var(--ink); }
img, canvas { display: block; width: 100%; height: auto; border-radius: 6px; background: var(--line); }
img.lr, canvas { image-rendering: pixelated; }
table { border-collapse: separate; border-spacing: 0; width: 100%; overflow: hidden; }
td { padding: 6px 14px; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
tr:first-child td { border-top: 0; }
td:first-child { color: var(--soft); width: 34%; }
.slider {
  position: relative; max-width: 720px; margin: 16px auto 0; overflow: hidden; border-radius: 6px;
  touch-action: pan-y; cursor: ew-resize;
}
.slider .over { position: absolute; inset: 0; clip-path: inset(0 0 0 50%); }
.slider .bar {
  position: absolute; top: 0; bottom: 0; left: 50%; width: 2px; background: #fff;
  box-shadow: 0 0 4px #000; pointer-events: none;
}
.slider label {
  position: absolute; bottom: 8px; padding: 1px 9px; border-radius: 9px; font-size: 12px;
  color: #fff; background: #000a; pointer-events: none;
}
.slider label.l { left: 8px; } .slider label.r { right: 8px; }
.slider input {
  position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; margin: 0; cursor: ew-resize;
}
.slider input:focus-visible ~ .bar { background: var(--accent); width: 4px; }
svg { display: block; width: 100%; height: auto; font-family: inherit; }
svg .title { font-size: 15px; font-weight: 600; fill: var(--ink); }
svg .unit { font-size: 12px; font-weight: 400; fill: var(--soft); }
svg .tick { font-size: 11.5px; fill: var(--soft); } svg .grid { stroke: var(--line); }
svg .curve { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.places { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.place { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 12px; }
.place div { display: grid; gap: 8px; grid-template-columns: repeat(3, 1fr); }
.place p { margin: 8px 0 0; font-size: 13px; }
.place b { color: var(--ink); }
.worst { margin: 10px 0; } .worst summary { cursor: pointer; margin-bottom: 8px; }
svg .layer { stroke-width: 1.3; }
.legend { font-size: 12px; margin: 4px 8px; }
svg .dot { fill: var(--accent); }
svg .level { stroke: var(--soft); stroke-dasharray: 5 4; }
)css";

// Each section.picture holds four images, and in data-detail the place of its
// detail: top, left, side, in HR pixels.
inline constexpr const char* report_script = R"js(
const worst = document.querySelectorAll(".worst:not([hidden])");
if (worst.length > 0) worst[worst.length - 1].open = true;
for (const section of document.querySelectorAll("section.picture")) {
  const images = [...section.querySelectorAll(".panels img")];
  const [top, left, side] = section.dataset.detail.split(",").map(Number);
  const draw = () => images.forEach((image, i) => {
    const canvas = section.querySelectorAll("canvas")[i], f = image.naturalWidth / images[3].naturalWidth;
    canvas.width = canvas.height = Math.max(1, Math.round(side * f));
    canvas.getContext("2d").drawImage(image, -left * f, -top * f);
  });
  Promise.all(images.map(image => image.decode())).then(draw);
  const slider = section.querySelector(".slider"), [under, over] = slider.querySelectorAll("img");
  under.src = images[1].src; over.src = images[2].src;
  slider.querySelector("input").addEventListener("input", event => {
    slider.querySelector(".over").style.clipPath = `inset(0 0 0 ${event.target.value}%)`;
    slider.querySelector(".bar").style.left = event.target.value + "%";
  });
}
)js";

}  // namespace crisp::report::detail
