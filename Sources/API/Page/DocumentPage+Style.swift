extension DocumentPage {
    static let style = """

        :root {
          color-scheme: light dark;
          --ink: light-dark(#1b1f24, #e6e8eb); --quiet: light-dark(#59636e, #9aa4af);
          --paper: light-dark(#ffffff, #14171b); --panel: light-dark(#f5f7f9, #1c2127);
          --line: light-dark(#d5dbe1, #343b44); --accent: light-dark(#0b5cad, #7ab7ff);
          --get: light-dark(#0b5cad, #7ab7ff); --post: light-dark(#1a7431, #6fd08c);
          --put: light-dark(#8a5a00, #e8b45a); --delete: light-dark(#b3261e, #ff8a80);
          --code: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; max-width: 64rem; padding: 1rem; color: var(--ink); background: var(--paper);
          font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
        }
        a { color: var(--accent); }
        h1 { font-size: 1.6rem; margin: 0; }
        h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; text-transform: capitalize; }
        h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
        p { margin: .25rem 0; }
        code, pre, textarea, .path { font-family: var(--code); font-size: .9rem; }
        pre {
          margin: .25rem 0; padding: .6rem; overflow: auto; max-height: 24rem; border-radius: .4rem;
          background: var(--paper); border: 1px solid var(--line); white-space: pre-wrap;
        }
        :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { position: static; }
        .quiet { color: var(--quiet); }
        #bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: 1rem 0 .5rem; }
        #bar label { flex: 1 1 14rem; }
        label { display: block; font-size: .9rem; color: var(--quiet); }
        input, textarea, select, button {
          font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
          border-radius: .4rem; padding: .45rem .6rem; width: 100%;
        }
        textarea { min-height: 7rem; resize: vertical; font-family: var(--code); }
        button { width: auto; cursor: pointer; background: var(--accent); color: var(--paper); border: 0; padding: .5rem 1rem; }
        button:disabled { opacity: .6; cursor: wait; }
        nav { display: flex; flex-wrap: wrap; gap: .25rem .9rem; }
        nav a { text-transform: capitalize; padding: .2rem 0; }
        details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; background: var(--panel); }
        summary { cursor: pointer; padding: .55rem .75rem; display: flex; flex-wrap: wrap; gap: .15rem .6rem; align-items: baseline; }
        details > div { padding: 0 .75rem .75rem; }
        .method { font: 700 .8rem var(--code); min-width: 3.6rem; }
        .get { color: var(--get); } .post { color: var(--post); }
        .put, .patch { color: var(--put); } .delete { color: var(--delete); }
        .lock { font-size: .8rem; color: var(--quiet); }
        table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0; border-top: 1px solid var(--line); }
        th { font-weight: 600; }
        .try { display: grid; gap: .5rem; margin-top: .5rem; }
        .fields { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
        [hidden] { display: none; }
        @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }

        """
}
