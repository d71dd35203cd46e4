// What the development server does in a page: it shows failures and pending migrations, takes style sheets anew, and
// loads the page again when there is something new to see. Served to browsers as it stands here, but for the first line.
(() => {
  'use strict';
  const GIVEN = '__GIVEN__'; // {generation, session, reloads, styles, css}: as things stood when the page was loaded
  if (window.__dev || isInOwnFrame()) return; // A page may hold the script twice, and the page around it does it all.
  window.__dev = { session: GIVEN.session };

  const FIRST_DELAY = 50, LONGEST_DELAY = 5000; // ms between attempts to connect
  const PATIENCE = 2000; // ms without a connection before it is said
  const holding = document.documentElement.hasAttribute('data-dev-holding'); // a page that stands in for the app

  function isInOwnFrame() {
    try { return parent !== window && !!parent.document; } catch (_) { return false; }
  }

  // ---- The stream. Browsers open few connections to one host, so a page that nobody sees leaves its own to others;
  // ---- what it missed meanwhile, `hello` tells.

  let source = null, timer = 0, delay = 0, connected = 0, lost = 0;

  function connect() {
    clearTimeout(timer);
    if (source || document.visibilityState === 'hidden') return;
    source = new EventSource('/__dev/events');
    source.onmessage = (event) => receive(JSON.parse(event.data));
    source.onerror = reconnect;
    connected = Date.now();
  }

  function disconnect() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  // EventSource would give up for good at the first answer that is no stream, and otherwise hurry for ever.
  function reconnect() {
    const lived = source && source.readyState !== EventSource.CLOSED && Date.now() - connected > 1000;
    disconnect();
    delay = lived ? 0 : Math.min(Math.max(FIRST_DELAY, delay * 2), LONGEST_DELAY);
    timer = setTimeout(connect, delay);
    if (!lost) lost = Date.now();
    if (Date.now() - lost >= PATIENCE) view.note('The development server does not answer. Trying again…');
  }

  // ---- Events.

  let seen = GIVEN; // the last status
  let leaving = false;

  function receive(message) {
    lost = delay = 0;
    view.note('');
    if (message.type === 'reload') return location.reload();
    if (message.type === 'css') {
      seen.styles = message.styles;
      return swapStyles((path) => message.paths.some((changed) => path.endsWith('/' + changed)));
    }
    const isOld = message.session !== GIVEN.session || message.generation > GIVEN.generation;
    if (isOld || (holding && message.state === 'serving')) return loadFrom(message.generation, message.session);
    if (seen.reloads !== message.reloads) return mayLoad('reload ' + message.reloads) && location.reload();
    if (seen.styles !== message.styles) swapStyles(() => true);
    seen = message;
    view.show(message);
  }

  // Loads the page again from the process of this generation. Connections that the browser has kept may still lead to
  // the one before, which closes each with its next answer: so they are used up first.
  async function loadFrom(generation, session) {
    if (leaving || !mayLoad(session + '.' + generation)) return;
    leaving = true;
    try {
      for (let attempt = 0; attempt < 8; attempt++) {
        const answer = await fetch('/__dev/status', { cache: 'no-store' });
        const { via } = await answer.json();
        if (via === null || via >= generation) break;
      }
      location.reload();
      setTimeout(() => { leaving = false; }, PATIENCE); // The person may have been asked, and said no.
    } catch (_) {
      leaving = false;
      reconnect();
    }
  }

  // A page that stays old (out of some cache) must not load itself for ever.
  function mayLoad(target) {
    const [before, count, time] = (recall('dev-load') || '').split('|');
    const attempt = before === target && Date.now() - time < 10000 ? Number(count) + 1 : 1;
    remember('dev-load', [target, attempt, Date.now()].join('|'));
    return attempt <= 10;
  }

  function recall(key) {
    try { return sessionStorage.getItem(key); } catch (_) { return null; }
  }

  function remember(key, value) {
    try { sessionStorage.setItem(key, value); } catch (_) { /* The page may not store anything. */ }
  }

  // ---- Style sheets: the new one is loaded beside the old one, which then goes. Nothing flashes, nothing is lost.

  const loading = new WeakMap(); // link → the one that will replace it

  function swapStyles(isChanged) {
    const changed = (href) => href && new URL(href).origin === location.origin && isChanged(pathOf(href));
    for (const sheet of document.styleSheets) {
      const link = sheet.ownerNode;
      const imported = importsOf(sheet).filter(changed);
      if (!imported.length && !(link.localName === 'link' && changed(sheet.href))) continue;
      // Those have an address that is the same as before, so the browser would take them from its cache.
      const fresh = imported.map((href) => fetch(href, { cache: 'reload' }).catch(() => {}));
      Promise.all(fresh).then(() => (link.localName === 'link' ? replace(link) : location.reload()));
    }
  }

  function pathOf(href) {
    const path = new URL(href).pathname;
    try { return decodeURIComponent(path); } catch (_) { return path; }
  }

  function importsOf(sheet) {
    let rules = [];
    try { rules = [...sheet.cssRules]; } catch (_) { /* It is another origin's. */ }
    const sheets = rules.map((rule) => rule.styleSheet).filter(Boolean);
    return sheets.flatMap((imported) => [imported.href, ...importsOf(imported)]);
  }

  function replace(link) {
    const next = link.cloneNode();
    const url = new URL(link.href);
    url.searchParams.set('dev', Date.now());
    next.href = url;
    next.nonce = link.nonce;
    next.removeAttribute('integrity');
    const overtaken = loading.get(link);
    if (overtaken) overtaken.remove();
    loading.set(link, next);
    const isNewest = () => loading.get(link) === next;
    next.onload = () => { if (isNewest()) link.remove(); };
    next.onerror = () => { next.remove(); if (isNewest()) loading.delete(link); };
    link.after(next);
  }

  // ---- What is shown, in a shadow root and with a style sheet of its own: neither the page's styles nor its content
  // ---- security policy have a say in it.

  const view = (() => {
    const host = document.createElement('cargo-xtask-dev');
    const root = host.attachShadow({ mode: 'open' });
    let policy = null; // for pages that require trusted types
    let closed = recall('dev-closed'); // the failure that was closed
    let migrating = false, problem = '';

    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(GIVEN.css);
      root.adoptedStyleSheets = [sheet];
      policy = window.trustedTypes && trustedTypes.createPolicy('cargo-xtask-dev', { createHTML: (html) => html });
    } catch (_) { /* Then it is less beautiful. */ }

    function make(name, classes, text, parent) {
      const element = document.createElement(name);
      element.className = classes;
      element.textContent = text;
      parent.append(element);
      return element;
    }

    // A box above everything else in the page; `popover` puts it above the page's own dialogs too.
    function box(classes, role, label) {
      const element = make('section', classes, '', root);
      element.setAttribute('role', role);
      element.setAttribute('aria-label', label);
      element.popover = 'manual';
      return element;
    }

    function toggle(element, isShown) {
      if (!host.isConnected) document.documentElement.append(host); // The page may have thrown it out.
      element.hidden = !isShown;
      if (!element.showPopover || element.matches(':popover-open') === isShown) return;
      isShown ? element.showPopover() : element.hidePopover();
    }

    const overlay = box('overlay', 'alertdialog', 'Failure');
    const bar = make('header', '', '', overlay);
    const title = make('h1', '', '', bar);
    const busy = make('span', 'busy', 'Building…', bar);
    const close = make('button', 'close', '×', bar);
    const list = make('main', '', '', overlay);
    close.title = 'Close (Esc)';
    close.setAttribute('aria-label', 'Close');
    list.tabIndex = 0;

    const banner = box('banner', 'status', 'Pending migrations');
    const words = make('p', '', '', banner);
    const apply = make('button', '', '', banner);
    const complaint = make('pre', '', '', banner);

    const corner = box('note', 'status', 'Development server');

    function message(error) {
      const element = make('pre', error.level, '', list);
      try {
        // Escaped where it was made: see `ansi.rs`.
        element.innerHTML = policy ? policy.createHTML(error.html) : error.html;
      } catch (_) {
        element.textContent = error.text; // Trusted types are required, and the page allows no policy of ours.
      }
    }

    function show(status) {
      const failed = status.title !== null;
      const id = status.session + '.' + status.failure;
      const calm = !failed && status.state !== 'failed';
      title.textContent = failed ? status.title : calm ? 'The app is being built' : 'The app does not run';
      busy.hidden = status.state !== 'building';
      close.hidden = holding;
      overlay.classList.toggle('calm', calm);
      if (overlay.dataset.failure !== id) {
        overlay.dataset.failure = id;
        list.textContent = '';
        status.errors.forEach(message);
        if (holding) make('p', '', 'This page turns into the site as soon as there is one.', list);
        if (status.more) make('p', '', `… and ${status.more} more, which the terminal shows.`, list);
      }
      if (holding) document.title = title.textContent;
      toggle(overlay, holding || (failed && closed !== id));
      showPending(status.pending);
    }

    function showPending(pending) {
      const names = pending.length > 4 ? [...pending.slice(0, 3), `${pending.length - 3} more`] : pending;
      words.textContent = pending.length === 1 ? 'A migration is not applied: ' : `${pending.length} migrations are not applied: `;
      make('b', '', names.join(', '), words);
      apply.textContent = migrating ? 'Applying…' : 'Apply migrations';
      apply.disabled = migrating;
      complaint.textContent = problem;
      complaint.hidden = !problem;
      toggle(banner, pending.length > 0 && !holding);
    }

    close.onclick = () => {
      closed = overlay.dataset.failure;
      remember('dev-closed', closed);
      toggle(overlay, false);
    };

    addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || overlay.hidden || holding) return;
      event.stopImmediatePropagation();
      event.preventDefault();
      close.onclick();
    }, true);

    apply.onclick = async () => {
      [migrating, problem] = [true, ''];
      showPending(seen.pending);
      let answer;
      try {
        answer = await (await fetch('/__dev/migrate', { method: 'POST' })).json();
      } catch (_) {
        answer = { ok: false, error: 'The development server did not answer.' };
      }
      if (answer.ok) return location.reload();
      [migrating, problem] = [false, answer.error];
      showPending(seen.pending);
    };

    function note(text) {
      if (corner.textContent === text) return;
      corner.textContent = text;
      toggle(corner, text !== '');
    }

    [overlay, banner, corner].forEach((element) => { element.hidden = true; });
    return { show, note };
  })();

  document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? disconnect() : connect()));
  addEventListener('pagehide', disconnect);
  addEventListener('pageshow', connect); // also when the browser takes the page out of its cache
  connect();
})();
