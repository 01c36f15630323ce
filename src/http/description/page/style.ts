/** Light and dark, for narrow and wide windows; nothing is loaded. */
export const style = `
:root { color-scheme: light dark; --text: light-dark(#1c2024, #e6e8eb); --quiet: light-dark(#5b6570, #9aa4af);
  --back: light-dark(#fff, #14171a); --panel: light-dark(#f5f6f8, #1d2125); --line: light-dark(#dde1e6, #31373d);
  --link: light-dark(#0b5cad, #7db8f5); }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--back);
  display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre, .type { font-family: ui-monospace, monospace; font-size: .86em; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem;
  background: var(--panel); border-right: 1px solid var(--line); font-size: .88rem; }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .06em; color: var(--quiet); margin: 1.4rem 0 .3rem; }
nav ul { list-style: none; margin: 0; padding: 0; } nav li { padding: .12rem 0; }
main { max-width: 56rem; padding: 2rem 2.5rem 6rem; }
h1 { margin: 0 0 .2rem; } section > h2 { margin: 3rem 0 0; padding-bottom: .3rem; border-bottom: 2px solid var(--line); }
article { padding: 1.2rem 0 1.6rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0 0 .3rem; font-size: 1.1rem; } h3 a { color: inherit; } h4 { margin: 1.1rem 0 .3rem; font-size: .92rem; }
p { margin: .4rem 0; } .access, i, .version { color: var(--quiet); font-size: .88rem; font-style: normal; } th i { display: block; font-weight: 400; }
.route { overflow-wrap: anywhere; }
b { font: 600 .78rem ui-monospace, monospace; padding: .15rem .45rem; border-radius: .3rem; color: #fff; background: #5b6570; }
b.GET { background: #1f6fb2; } b.POST { background: #2b7a3d; } b.PUT { background: #93620d; } b.DELETE { background: #b03434; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-top: 1px solid var(--line); font-weight: 400; }
th { width: 11rem; overflow-wrap: anywhere; } td.type { width: 15rem; overflow-wrap: anywhere; color: var(--quiet); }
code.s2 { color: light-dark(#22702f, #7fd08d); } code.s4, code.s5 { color: light-dark(#a12c2c, #f29a9a); }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; padding: .8rem 1rem; overflow-x: auto; line-height: 1.45; }
@media (max-width: 52rem) { body { display: block; } nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); }
  main { padding: 1.2rem; } th, td { display: block; width: auto !important; border: 0; padding: .1rem 0; } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; } }
`;
