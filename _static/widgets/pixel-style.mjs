/** How the pixel explorer is laid out; what all labs share is STYLE in parts.mjs. */
export const LAYOUT = `
.pixel-explorer [hidden] { display: none !important; }
.pixel-explorer fieldset { border: 0; margin: 0.6rem 0 0; padding: 0; min-width: 0; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; align-items: center; }
.pixel-explorer :is(fieldset, .after, .tool) label { display: inline-flex; align-items: center; flex: none; min-height: 1.75rem; cursor: pointer; }
.pixel-explorer select { font: inherit; color: inherit; background: var(--pst-color-background, var(--jp-layout-color0, Canvas)); border: 1px solid var(--line); border-radius: 0.25rem; min-height: 2rem; max-width: 100%; }
.pixel-explorer input[type=color] { width: 3rem; height: 2rem; padding: 0.1rem; border: 1px solid var(--line); border-radius: 0.25rem; background: none; }
.pixel-explorer button[aria-pressed=true] { border-color: currentColor; background: var(--ground); box-shadow: inset 0 0 0 1px currentColor; } /* no bold: what stands beside it stays */
.pixel-explorer .stage { display: grid; grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr); gap: 0.4rem 1.2rem; margin-top: 0.6rem; align-items: start; }
.pixel-explorer .picture { position: relative; aspect-ratio: 4 / 3; border: 1px solid var(--line); overflow: hidden; cursor: crosshair; touch-action: pan-y; user-select: none; }
.pixel-explorer .picture.brush { touch-action: none; }
.pixel-explorer canvas { display: block; width: 100%; image-rendering: pixelated; color: var(--ink); forced-color-adjust: none; print-color-adjust: exact; }
.pixel-explorer .picture canvas { position: absolute; inset: 0; height: 100%; }
.pixel-explorer .picture .veil { image-rendering: auto; } /* its lines are thinner than a pixel: none may fall between two of the screen's */
.pixel-explorer .aim { position: absolute; pointer-events: none; border: 1px solid #fff; outline: 1px solid #000; width: calc(100% / 128); height: calc(100% / 96); box-shadow: 0 0 0 3px #fff, 0 0 0 4px #000; forced-color-adjust: none; }
.pixel-explorer table.kinds { margin-top: 0.4rem; font-size: 0.8125rem; line-height: 1.2; }
.pixel-explorer caption { text-align: left; color: var(--quiet); padding: 0; caption-side: top; }
.pixel-explorer .together { display: inline-flex; align-items: center; gap: 0.5rem; }
.pixel-explorer .tool label { gap: 0.5rem; } .pixel-explorer .tool label input { margin: 0; } .pixel-explorer .tool label input[type=range] { min-width: 4rem; }
.pixel-explorer .kinds :is(th, td) { padding: 0 0.3rem; border: 0; white-space: nowrap; height: 1.15rem; }
/* Room for the longest name as the label: a bar of p = 1 is as long at every pixel. */
.pixel-explorer .kinds th { color: var(--text); width: 8.4rem; } .pixel-explorer .kinds td:last-child { width: 4.6rem; padding-left: 0; padding-right: 0; }
.pixel-explorer .kinds .label > * { color: color-mix(in srgb, var(--vermillion) 75%, var(--text)); font-weight: 600; }
.pixel-explorer .kinds .label .bar { background: var(--vermillion); }
.pixel-explorer .swatch { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.35rem; border: 1px solid var(--line); vertical-align: -0.05rem; forced-color-adjust: none; print-color-adjust: exact; }
.pixel-explorer .bar { transition: none; forced-color-adjust: none; min-width: 0; }
.pixel-explorer .pair { display: grid; grid-template-columns: minmax(max-content, 9rem) 1fr 3.6rem; gap: 0.3rem 0.8rem; align-items: center; margin-top: 0.6rem; text-align: left; }
.pixel-explorer .pair > :nth-child(3n) { text-align: right; }
.pixel-explorer .pair > :nth-child(n + 4) .bar { background: var(--vermillion); }
.pixel-explorer .under { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; align-items: start; margin-top: 0.4rem; }
.pixel-explorer .under.two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.pixel-explorer .side canvas { border: 1px solid var(--line); } .pixel-explorer .side p { margin: 0; font-size: 0.8125rem; line-height: 1.25; }
.pixel-explorer .brushes { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; align-items: center; }
.pixel-explorer .brushes label { display: inline-flex; gap: 0.5rem; align-items: center; min-height: 1.75rem; } .pixel-explorer .brushes input[type=range] { width: 8rem; }
.pixel-explorer .two .brushes label { flex-wrap: wrap; gap: 0 0.5rem; } .pixel-explorer .two .brushes input[type=range] { width: 5.5rem; }
@container (max-width: 40rem) {
  .pixel-explorer .stage { display: flex; flex-direction: column; align-items: stretch; }
  .pixel-explorer :is(.left, .right) { display: contents; }
  .pixel-explorer .tools { order: 1; } .pixel-explorer table.kinds { order: 3; }
  .pixel-explorer .stage.tooled .reading { order: 2; } /* a tool's result and controls stand below the picture */
}
.pixel-explorer.touched .keys { display: none; }
`;
