import { DETAILS, FAILED, MOST_FAILURES, PARTS, SLOWEST } from '../side-by-side.ts';
import { LOCAL_TIMES } from './script.ts';

/**
 * What the page over all runs does beyond being read: times in the reader's zone, how many runs a filter leaves, and any two
 * runs side by side. The page is complete without it. What it compares it takes from the page, where each run stands beside the
 * one before it, and its rules are those of side-by-side.ts.
 */
export const HISTORY_SCRIPT = `
(() => {
  'use strict';
  const all = (selector, root) => (root || document).querySelectorAll(selector);
${LOCAL_TIMES}
  const output = document.querySelector('.filters output');
  const count = () => {
    const rows = [...all('.runs tbody tr')];
    const shown = rows.filter((row) => row.offsetParent !== null || row.getClientRects().length > 0).length;
    output.textContent = shown === rows.length ? '' : shown + ' of ' + rows.length + ' shown';
  };
  if (output) {
    output.closest('.filters').addEventListener('change', count);
    // A browser that comes back to a page keeps what was chosen.
    addEventListener('pageshow', count);
  }

  const pairs = [...all('.pair')];
  if (pairs.length < 2) return;
  const section = document.querySelector('.pairs');
  const make = (tag, text, attributes) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    return Object.assign(element, attributes);
  };

  // Two lists of all runs.
  const choose = section.querySelector('.choose');
  const selects = ['Before', 'After'].map((word) => {
    const label = make('label', word);
    const select = make('select');
    for (const [index, pair] of pairs.entries()) select.append(make('option', pair.querySelector('h3').dataset.name, { value: index }));
    label.append(select);
    choose.append(label);
    return select;
  });
  choose.hidden = false;
  const chosen = make('div', '', { hidden: true });
  chosen.setAttribute('aria-live', 'polite');
  section.append(chosen);

  // What a run has, part by part.
  const partsOf = (pair) => new Map([...all('tbody', pair)].map((body) => [
    body.rows[0].textContent,
    new Map([...all('.now', body)].map((cell) => [
      cell.parentElement.cells[0].textContent,
      { text: cell.textContent, ms: cell.dataset.ms === undefined ? undefined : Number(cell.dataset.ms) }
    ]))
  ]));
  const isFarAbove = (ms, other) => ms > 2 * other && ms > other + 100 && other > 0;
  const withoutTime = (value) => value.ms === undefined ? value.text : value.text.split(', ').slice(0, -1).join();
  const changeOf = (title, was, is, wentWell, others) => {
    if (title === '${FAILED}') {
      if (was && is) return 'still';
      if (others.size >= ${MOST_FAILURES}) return 'not known';
      return is ? 'new' : wentWell ? 'fixed' : 'not failing';
    }
    if (!was || !is) return title === '${SLOWEST}' ? '' : 'different';
    if (isFarAbove(is.ms || 0, was.ms || 0)) return 'slower';
    if (isFarAbove(was.ms || 0, is.ms || 0)) return wentWell ? 'faster' : 'different';
    return withoutTime(was) === withoutTime(is) ? '' : 'different';
  };
  const compare = (before, now) => {
    const [old, own] = [partsOf(before), partsOf(now)];
    const table = make('table', '', { className: 'beside' });
    const head = table.createTHead().insertRow();
    head.insertCell();
    for (const [word, pair] of [['before', before], ['this run', now]]) {
      const cell = make('th', '', { scope: 'col' });
      cell.append(make('small', word), ' ', pair.querySelector('thead .now').lastElementChild.cloneNode(true));
      head.append(cell);
    }
    const last = make('th', '', { scope: 'col' });
    last.append(make('small', 'difference'));
    head.append(last);
    for (const title of ${JSON.stringify(PARTS)}) {
      const [was, is] = [old.get(title) || new Map(), own.get(title) || new Map()];
      const rows = [...new Set([...is.keys(), ...was.keys()])].map((name) => {
        const [a, b] = [was.get(name), is.get(name)];
        return { name, a, b, change: changeOf(title, a, b, now.dataset.good !== undefined, a ? is : was) };
      });
      if (rows.length === 0) continue;
      const body = table.createTBody();
      if (${JSON.stringify(DETAILS)}.includes(title)) body.className = 'details';
      body.insertRow().append(make('th', title, { colSpan: 4, scope: 'rowgroup' }));
      for (const { name, a, b, change } of [...rows.filter((row) => row.change), ...rows.filter((row) => !row.change)]) {
        const row = body.insertRow();
        if (change) row.className = change.replace(' ', '-');
        row.append(make('th', name, { scope: 'row' }));
        const isSame = (a && a.text) === (b && b.text);
        if (!isSame) row.append(make('td', a ? a.text : '\\u2013'));
        row.append(make('td', b ? b.text : '\\u2013', isSame ? { colSpan: 2 } : {}));
        row.append(make('td', change));
      }
    }
    return table;
  };
  const show = () => {
    const [before, now] = selects.map((select) => pairs[select.value]);
    chosen.replaceChildren(compare(before, now));
    chosen.hidden = false;
    section.classList.add('choosing');
  };
  // The lists say what is seen.
  const follow = () => {
    const seen = pairs.find((each) => '#' + each.id === location.hash) || section.querySelector('.first');
    const at = Math.max(0, pairs.indexOf(seen));
    const before = pairs.findIndex((each) => each.id === pairs[at].dataset.before);
    selects[1].value = at;
    selects[0].value = before < 0 ? (at + 1) % pairs.length : before;
    chosen.hidden = true;
    section.classList.remove('choosing');
    if (!seen) show();
  };
  for (const select of selects) select.addEventListener('change', show);
  addEventListener('hashchange', follow);
  follow();
})();
`;
