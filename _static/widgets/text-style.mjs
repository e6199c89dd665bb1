/** How the text widget is laid out; what all labs share is STYLE in parts.mjs. */
export const TEXT_LAYOUT = `
.writer { --most: 78; }
html[data-theme="dark"] .writer, body[data-jp-theme-light="false"] .writer { --most: 63; --on: white; } /* the most on which white text has 4.5 to 1 */
.writer .tabs { display: flex; flex-wrap: wrap; gap: 0.3rem; border-bottom: 1px solid var(--line); margin-bottom: 0.7rem; }
.writer .tabs button { border-color: transparent; border-bottom: 3px solid transparent; border-radius: 0.25rem 0.25rem 0 0; margin-bottom: -1px; }
.writer .tabs button[aria-selected=true] { border-bottom-color: var(--blue); font-weight: 600; }
.writer textarea, .writer input:is([type=text], [type=number]) { width: 100%; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line);
  border-radius: 0.25rem; padding: 0.3rem 0.5rem; min-height: 1.9rem; }
.writer textarea, .writer .tiles { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; font-size: 1rem; }
.writer label:has(> textarea) { display: block; }
.writer textarea { display: block; resize: vertical; margin-top: 0.2rem; }
.writer .tiles { position: relative; height: 15rem; resize: vertical; overflow: auto; white-space: break-spaces; overflow-wrap: anywhere; line-height: 1.75rem; padding: 0.3rem 0.5rem;
  border: 1px solid var(--line); border-radius: 0.25rem; margin-top: 0.5rem; }
.writer .tiles .stretch { min-height: 1.75rem; }
.writer .tile { padding: 0.2rem 0; color: var(--on, inherit); background: color-mix(in srgb, var(--vermillion) calc(var(--b) * var(--most) * 1%), transparent); print-color-adjust: exact; cursor: pointer; }
.writer .tile.given { --b: 0; color: var(--quiet); }
.writer .tile.hand { text-decoration: underline 2px var(--blue); text-underline-offset: 0.3rem; }
.writer .tile.end::before { content: "↵"; }
.writer .tile.chosen { outline: 2px solid var(--text); outline-offset: -1px; }
.writer .look { display: grid; grid-template-columns: auto 1fr auto auto; gap: 0.5rem; align-items: center; margin-top: 0.5rem; }
.writer .likely { display: grid; gap: 1px; margin-top: 0.3rem; }
.writer .likely > * { display: grid; grid-template-columns: 4.3rem 1fr 4.1rem 3.2rem; gap: 0.4rem; align-items: center; text-align: left; width: 100%;
  min-height: 1.6rem; padding: 0 0.3rem; border: 1px solid transparent; border-radius: 0.25rem; }
.writer .likely [hidden] { display: none; }
.writer .likely > * > :nth-child(n + 3) { text-align: right; }
.writer .likely > :not(.head) > :first-child { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
.writer .likely > [aria-current=true] { border-color: var(--text); }
.writer .bar { transition: none; }
.writer .axis { list-style: none; max-width: none; margin: 0.6rem 0 0; padding: 0; } /* as wide as its scale, and not as a line of text */
.writer .axis li { position: relative; height: 1.6rem; margin: 0; }
.writer .axis li::before { content: ""; position: absolute; top: 0; bottom: 0; left: calc(var(--x) * 1% - 1px); border-left: 3px solid var(--blue); }
.writer .axis li.own::before { border-color: var(--vermillion); }
.writer .axis li > span { position: absolute; left: calc(var(--x) * 1% + 0.5rem); white-space: nowrap; }
.writer .axis li.right > span { left: auto; right: calc(100% - var(--x) * 1% + 0.4rem); }
.writer .scale { display: flex; justify-content: space-between; border-top: 1px solid var(--faint); color: var(--quiet); }
@media (forced-colors: active) { .writer .tile { border-bottom: calc(var(--b) * 4px) solid; } .writer .bar { background: CanvasText; } }
.writer .halves { display: grid; grid-template-columns: minmax(0, 1fr) 17.5rem; gap: 0 1rem; }
.writer .write > .line:last-child > label:last-child { flex: 0 1 9rem; }
.writer .write .tiles { height: 21rem; }
.writer .line > label.long { white-space: normal; }
.writer .bets { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; margin-top: 0.6rem; }
.writer .bets > div { white-space: nowrap; }
.writer .bets input[type=text] { width: 3rem; text-align: center; font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
.writer .bets input[type=number] { width: 3.7rem; margin-left: 0.3rem; }
.writer .still { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; border: 1px dashed var(--line); border-radius: 0.25rem; padding: 0.3rem 0.5rem; white-space: pre-wrap; }
.writer .passage { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; }
@container (max-width: 38rem) { .writer .halves { grid-template-columns: minmax(0, 1fr); } .writer .write .tiles { height: 11rem; } }
`;
