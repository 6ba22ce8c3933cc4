/** What is between the parts of a block of packed details (packed.tsx). */
export const BETWEEN_TEXTS = '\u0001';
export const AFTER_TEXTS = '\u0002';

/** Of a script that has `all`. */
export const LOCAL_TIMES = `
  // Times: the reader's zone, with the UTC beside it.
  const zoned = new Intl.DateTimeFormat(undefined, {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short'
  });
  for (const time of all('time[data-local]')) {
    const at = new Date(time.dateTime);
    if (isNaN(at) || at.getTimezoneOffset() === 0) continue;
    const utc = document.createElement('small');
    utc.textContent = ' (' + time.textContent + ')';
    time.textContent = zoned.format(at);
    time.append(utc);
  }
`;

/**
 * What the page does beyond being read: filter, search, copy, times in the reader's zone. Plain JavaScript as a string, because
 * it runs in the browser exactly as it is written here; the page is complete without it.
 */
export const SCRIPT = `
(() => {
  'use strict';
  const all = (selector, root) => (root || document).querySelectorAll(selector);

${LOCAL_TIMES}
  for (const note of all('[data-without-script]')) note.remove();

  // Filter and search.
  const toolbar = document.querySelector('.toolbar');
  if (toolbar) {
    const list = document.querySelector('.requests');
    const buttons = [...all('button', toolbar)];
    const input = toolbar.querySelector('input');
    const output = toolbar.querySelector('output');
    const total = Number(toolbar.dataset.total);
    const rows = [...list.getElementsByClassName('x')].map((row) => ({ row, failed: row.classList.contains('failed'), text: null }));
    // The text of a row is read for a search, or earlier, while the browser is idle.
    const textOf = (each) => {
      if (each.text === null) each.text = [...all('.row > :not(.time)', each.row)].map((cell) => cell.textContent).join(' ').toLowerCase();
      return each.text;
    };
    let read = 0;
    const readOn = (idle) => {
      while (read < rows.length && idle.timeRemaining() > 2) textOf(rows[read++]);
      if (read < rows.length) requestIdleCallback(readOn);
    };
    if (window.requestIdleCallback) requestIdleCallback(readOn);
    // Folders and iterations are open where something in them is shown, and afterwards as they were.
    const groups = [...all('.folder, .iteration', list)].map((element) => ({ element, open: element.open }));
    const keepOpen = () => {
      for (const group of groups) group.open = group.element.open;
    };
    let active = false;
    let filter = 'all';
    const apply = () => {
      const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
      if (!active) keepOpen();
      const wasActive = active;
      active = filter !== 'all' || words.length > 0;
      const lists = new Set();
      let shown = 0;
      for (const each of rows) {
        const { row, failed } = each;
        const fits = (filter === 'all' || (filter === 'failed') === failed) && words.every((word) => textOf(each).includes(word));
        if (row.hidden === fits) row.hidden = !fits;
        if (!fits) continue;
        shown++;
        for (let up = row.parentElement; up !== list && !lists.has(up); up = up.parentElement) lists.add(up);
      }
      for (const group of groups) {
        const fits = lists.has(group.element);
        group.element.hidden = active && !fits;
        if (active) group.element.open = fits;
        else if (wasActive) group.element.open = group.open;
      }
      for (const exchanges of all('.exchanges', list)) {
        const fits = lists.has(exchanges);
        exchanges.hidden = !fits;
        if (active && fits && exchanges.closest('.earlier')) exchanges.closest('.earlier').open = true;
      }
      output.textContent = active ? shown.toLocaleString() + ' of ' + total.toLocaleString() + ' shown' : '';
    };
    toolbar.hidden = false;
    toolbar.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      filter = button.dataset.filter;
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
      apply();
    });
    let frame;
    input.addEventListener('input', () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(apply);
    });
  }

  // Copy: buttons appear where there is something to copy, for a details element when it opens.
  const sources = new WeakMap();
  const addCopy = (root) => {
    for (const source of all('[data-copy]', root)) {
      if (source.dataset.copy === 'on' || source.closest('details:not([open])')) continue;
      source.dataset.copy = 'on';
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      sources.set(button, source);
      if (source.localName === 'pre') {
        colour(source);
        source.before(button);
      }
      else source.after(button);
    }
  };

  // JSON: names and literals in colour, without a single element more.
  const names = window.Highlight && new Highlight();
  const literals = window.Highlight && new Highlight();
  if (names) {
    CSS.highlights.set('json-name', names);
    CSS.highlights.set('json-literal', literals);
  }
  const colour = (pre) => {
    if (!names || !/^[{[]/.test(pre.textContent)) return;
    for (const node of pre.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE) continue;
      // After a mask the text goes on inside a string.
      const from = node.previousSibling ? node.data.indexOf('"') + 1 : 0;
      for (const match of node.data.slice(from).matchAll(/("(?:[^"\\\\]|\\\\.)*")(:)?|[-\\w.+]+/g)) {
        if (match[1] && !match[2]) continue;
        const range = new Range();
        range.setStart(node, from + match.index);
        range.setEnd(node, from + match.index + (match[1] || match[0]).length);
        (match[1] ? names : literals).add(range);
      }
    }
  };
  const copyText = async (source) => {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand('copy');
    }
  };
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('.copy');
    if (!button) return;
    await copyText(sources.get(button));
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  // Packed details are put into their row when it is opened: elements and texts, never markup.
  const blocks = new Map();
  const unpack = (block) => {
    if (!blocks.has(block)) {
      const bytes = Uint8Array.from(atob(block.textContent), (char) => char.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
      blocks.set(block, new Response(stream).text().then((text) => {
        const [texts, details] = text.split('\\u0002');
        return [texts.split('\\u0001'), JSON.parse(details)];
      }));
    }
    return blocks.get(block);
  };
  const fill = async (details) => {
    const number = Number(details.parentElement.id.slice(1));
    details.classList.remove('packed');
    try {
      const [texts, packed] = await unpack([...all('script[data-last]')].find((block) => block.dataset.last >= number));
      const build = (node) => {
        if (typeof node === 'number') return document.createTextNode(texts[node]);
        const [tag, ...attributes] = texts[node[0]].split('\\n');
        const element = document.createElement(tag);
        for (const attribute of attributes) element.setAttribute(...attribute.split(/=(.*)/, 2));
        element.append(...node.slice(1).map(build));
        return element;
      };
      details.append(...packed[number].map(build));
      addCopy(details);
    } catch {
      const words = document.createElement('p');
      words.className = 'detail muted';
      words.textContent = 'This browser cannot open what is packed here.';
      details.append(words);
    }
  };
  document.addEventListener('toggle', ({ target }) => {
    if (!target.open) return;
    if (target.classList.contains('packed')) fill(target);
    addCopy(target);
  }, true);
  addCopy(document);

  // On paper nothing can be opened: the first requests are printed open.
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...all('.group > .exchanges details:not([open]):not(.packed)')].slice(0, 60);
    for (const details of opened) details.open = true;
  });
  addEventListener('afterprint', () => { for (const details of opened) details.open = false; });

  // A link to a request opens it.
  const reveal = () => {
    const target = /^#x\\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (!target) return;
    for (let up = target; up; up = up.parentElement) if (up.localName === 'details') up.open = true;
    const own = target.querySelector('details');
    if (own) own.open = true;
    target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  reveal();
})();
`;
