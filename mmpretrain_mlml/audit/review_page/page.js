'use strict';
// Review of proposals. All names are data: they reach the page as text, never as markup.

const data = JSON.parse(document.getElementById('data').textContent);
const element = (id) => document.getElementById(id);
const SHEET = 48;
const STATES = ['present', 'absent', 'unsure'];
const WORDS = {present: '✓ present', absent: '✗ absent', unsure: '? unsure', undecided: ''};
const NEXT_STATE = {undecided: 'absent', absent: 'unsure', unsure: 'undecided', present: 'absent'};
const HEADER = ['image', 'class', 'decision', 'reviewer', 'time'];
const STORE = 'mmpretrain_mlml.review.' + data.digest;

// A proposal: [image, class, probability, kind, box]; image and class are indices into the lists.
const proposals = data.proposals.map(([image, klass, probability, kind, box], index) => ({
  index, image, klass, probability, kind, box, state: 'undecided', reviewer: '', time: '',
}));
const byEntry = new Map(proposals.map((p) => [data.images[p.image].name + '\n' + data.classes[p.klass], p]));
const history = [];
const moments = [];
let shown = [], sheet = 0, at = 0, oneByOne = false;

// ---- keeping decisions

function remember() {
  const decided = proposals.filter((p) => p.state !== 'undecided')
    .map((p) => [p.index, p.state, p.reviewer, p.time]);
  try {
    localStorage.setItem(STORE, JSON.stringify(decided));
  } catch (error) {
    say('This browser does not keep decisions (' + error.name + '): save decisions.csv before you close the page.', true);
  }
}

function recall() {
  let decided = [];
  try {
    decided = JSON.parse(localStorage.getItem(STORE) || '[]');
  } catch (error) {
    say('Earlier decisions could not be read (' + error.name + ').', true);
  }
  for (const [index, state, reviewer, time] of decided) {
    if (proposals[index] && STATES.includes(state)) Object.assign(proposals[index], {state, reviewer, time});
  }
  if (decided.length) say(decided.length + ' earlier decisions are back.');
}

function decide(changes) {
  const before = [];
  const time = new Date().toISOString().slice(0, 19) + 'Z';
  for (const [proposal, state] of changes) {
    if (proposal.state === state) continue;
    before.push([proposal, proposal.state, proposal.reviewer, proposal.time]);
    Object.assign(proposal, state === 'undecided' ? {state, reviewer: '', time: ''}
      : {state, reviewer: element('reviewer').value.trim(), time});
    if (state !== 'undecided') moments.push(Date.now());
  }
  if (!before.length) return;
  history.push(before);
  remember();
  before.forEach(([proposal]) => refreshTile(proposal));
  showCount();
}

function undo() {
  const before = history.pop();
  if (!before) return say('Nothing to undo.');
  for (const [proposal, state, reviewer, time] of before) {
    Object.assign(proposal, {state, reviewer, time});
    refreshTile(proposal);
  }
  remember();
  showCount();
  say(before.length === 1 ? 'Undone.' : before.length + ' decisions undone.');
}

// ---- decisions.csv

const quote = (text) => /[",\r\n]/.test(text) || text !== text.trim() ? '"' + text.replaceAll('"', '""') + '"' : text;

function asCsv() {
  const rows = proposals.filter((p) => p.state !== 'undecided').map((p) =>
    [data.images[p.image].name, data.classes[p.klass], p.state, p.reviewer, p.time]);
  return [HEADER, ...rows].map((row) => row.map(quote).join(',')).join('\n') + '\n';
}

function save() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([asCsv()], {type: 'text/csv'}));
  link.download = 'decisions.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  say(proposals.filter((p) => p.state !== 'undecided').length + ' decisions saved to decisions.csv.');
}

function parseCsv(text) {
  const rows = [];
  let row = [], cell = '', quoted = false;
  for (let i = text.charCodeAt(0) === 0xFEFF ? 1 : 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') { cell += '"'; i++; }
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"') quoted = true;
    else if (c === ',') { row.push(cell); cell = ''; }
    else if (c === '\n' || c === '\r') {
      if (c === '\r' && text[i + 1] === '\n') i++;
      rows.push([...row, cell]); row = []; cell = '';
    } else cell += c;
  }
  if (cell || row.length) rows.push([...row, cell]);
  return rows;
}

async function load(files) {
  const changes = new Map();
  let unknown = 0, conflicts = [];
  for (const file of files) {
    const [header, ...rows] = parseCsv(await file.text());
    const column = Object.fromEntries(HEADER.map((name) => [name, (header || []).indexOf(name)]));
    if (column.image < 0 || column.class < 0 || column.decision < 0) {
      return say(file.name + ': expected the columns image,class,decision, got ' + (header || []).join(',') + '. Nothing was loaded.', true);
    }
    for (const [number, row] of rows.entries()) {
      const state = row[column.decision];
      if (!STATES.includes(state)) {
        return say(file.name + ':' + (number + 2) + ': expected present, absent or unsure, got ' + JSON.stringify(state ?? '') + '. Nothing was loaded.', true);
      }
      const proposal = byEntry.get(row[column.image] + '\n' + row[column.class]);
      if (!proposal) { unknown++; continue; }
      const earlier = changes.get(proposal)?.state || proposal.state;
      if (earlier !== 'undecided' && earlier !== state) {
        conflicts.push(row[column.image] + ' / ' + row[column.class]);
        continue;
      }
      changes.set(proposal, {state, reviewer: row[column.reviewer] || '', time: row[column.time] || ''});
    }
  }
  history.push([...changes.keys()].map((p) => [p, p.state, p.reviewer, p.time]));
  for (const [proposal, values] of changes) Object.assign(proposal, values);
  remember();
  filter();
  let text = changes.size + ' decisions loaded.';
  if (unknown) text += ' ' + unknown + ' are not about proposals of this page and were left out.';
  if (conflicts.length) {
    text += ' ' + conflicts.length + ' disagree with an earlier decision, which was kept: '
      + conflicts.slice(0, 5).join('; ') + (conflicts.length > 5 ? '; …' : '');
  }
  say(text, Boolean(unknown || conflicts.length));
}

// ---- what is shown

function say(text, problem = false) {
  element('message').textContent = text;
  element('message').classList.toggle('problem', problem);
}

function fillClasses() {
  const counts = new Map();
  for (const p of proposals) counts.set(p.klass, (counts.get(p.klass) || 0) + 1);
  const add = (value, text) => {
    const option = document.createElement('option');
    option.value = value;
    option.textContent = text;
    element('class').append(option);
  };
  const first = [...counts.keys()];  // in the order of the best proposal
  first.forEach((klass) => add(klass, data.classes[klass] + ' (' + counts.get(klass) + ')'));
  if (first.length > 1) add('', 'all classes (' + proposals.length + ')');
}

function filter() {
  const klass = element('class').value, state = element('state').value;
  const from = Number(element('from').value) / 100, to = Number(element('to').value) / 100;
  shown = proposals.filter((p) => (klass === '' || p.klass === Number(klass))
    && (!state || p.state === state) && p.probability >= from && p.probability <= to);
  sheet = 0;
  at = 0;
  draw();
}

const sheets = () => Math.max(1, Math.ceil(shown.length / SHEET));
const onSheet = () => shown.slice(sheet * SHEET, (sheet + 1) * SHEET);
const current = () => shown[sheet * SHEET + at];

function describe(p) {
  return data.images[p.image].name + ', ' + data.classes[p.klass] + ', ' + Math.round(100 * p.probability) + ' %';
}

function draw() {
  const one = element('class').value !== '';
  const name = one && shown.length ? data.classes[shown[0].klass] : '';
  element('question').textContent = !shown.length ? 'Nothing to show: change the filters.'
    : name ? (oneByOne ? 'Does it show “' + name + '”?' : 'Which of these do not show “' + name + '”?')
      : 'Which of these do not show the class below them?';
  const part = onSheet();
  at = Math.min(at, Math.max(0, part.length - 1));
  const grid = element('grid');
  grid.replaceChildren(...(oneByOne ? [] : part.map(tile)));
  element('single').hidden = !oneByOne || !shown.length;
  element('rest').hidden = oneByOne || !shown.length;
  element('view').setAttribute('aria-pressed', String(oneByOne));
  if (oneByOne && shown.length) drawSingle();
  element('sheet').textContent = oneByOne ? (shown.length ? sheet * SHEET + at + 1 : 0) + ' of ' + shown.length
    : 'sheet ' + (sheet + 1) + ' of ' + sheets() + ' (' + shown.length + ')';
  showCount();
}

function tile(p, position) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'tile';
  button.tabIndex = position === at ? 0 : -1;
  const image = document.createElement('img');
  image.src = thumbnail(p);
  image.alt = '';
  image.decoding = 'async';
  const caption = document.createElement('span');
  caption.textContent = (element('class').value === '' ? data.classes[p.klass] + ', ' : '') + Math.round(100 * p.probability) + ' %';
  const mark = document.createElement('span');
  mark.className = 'mark';
  button.append(image, caption, mark);
  button.addEventListener('click', () => { at = position; decide([[p, NEXT_STATE[p.state]]]); });
  button.addEventListener('focus', () => moveTo(position, false));
  p.tile = button;
  paint(p);
  return button;
}

function paint(p) {
  p.tile.dataset.state = p.state;
  p.tile.querySelector('.mark').textContent = WORDS[p.state];
  p.tile.setAttribute('aria-label', describe(p) + ', ' + p.state);
}

function refreshTile(p) {
  if (p.tile?.isConnected) paint(p);
  if (oneByOne && current() === p) drawSingle();
}

const thumbnail = (p) => data.images[p.image].thumbnail;

function drawSingle() {
  const p = current();
  showLarge(element('picture'), p);
  element('picture').dataset.state = p.state;
  element('picture').alt = describe(p);
  element('caption').textContent = describe(p) + (WORDS[p.state] ? ': ' + WORDS[p.state] : '');
}

function showLarge(target, p) {
  const file = data.images[p.image].file;
  target.onerror = () => { target.onerror = null; target.src = thumbnail(p); };
  target.src = file || thumbnail(p);
}

function showCount() {
  const decided = proposals.filter((p) => p.state !== 'undecided').length;
  const since = Date.now() - 5 * 60000;
  while (moments.length && moments[0] < since) moments.shift();
  const minutes = moments.length ? Math.max(1 / 6, (Date.now() - moments[0]) / 60000) : 1;
  element('progress').max = proposals.length || 1;
  element('progress').value = decided;
  element('count').textContent = decided + ' of ' + proposals.length + ' decided'
    + (moments.length ? ', ' + Math.round(moments.length / minutes) + ' a minute' : '');
}

// ---- moving

function moveTo(position, focus = true) {
  const tiles = element('grid').children;
  if (!tiles[position]) return;
  if (tiles[at]) tiles[at].tabIndex = -1;
  at = position;
  tiles[at].tabIndex = 0;
  if (focus) tiles[at].focus();
}

function columns() {
  const tiles = [...element('grid').children];
  const top = tiles[0]?.offsetTop;
  return tiles.filter((t) => t.offsetTop === top).length || 1;
}

function turn(step) {
  const next = sheet + step;
  if (next < 0 || next >= sheets()) return say(step > 0 ? 'This is the last sheet.' : 'This is the first sheet.');
  sheet = next;
  at = 0;
  draw();
  if (!oneByOne) element('grid').children[0]?.focus();
  window.scrollTo(0, 0);
}

function step(by) {
  const position = sheet * SHEET + at + by;
  if (position < 0 || position >= shown.length) return say(by > 0 ? 'This is the last one.' : 'This is the first one.');
  sheet = Math.floor(position / SHEET);
  at = position % SHEET;
  draw();
}

function acceptRest() {
  const open = onSheet().filter((p) => p.state === 'undecided');
  decide(open.map((p) => [p, 'present']));
  say(open.length + ' accepted as present.');
  if (sheet + 1 < sheets()) turn(1);
}

function toggleView() {
  oneByOne = !oneByOne;
  draw();
  element('question').focus();
}

function openLarge(p) {
  if (!p) return;
  showLarge(element('large-picture'), p);
  element('large-picture').alt = describe(p);
  element('large-caption').textContent = describe(p);
  element('zoom').hidden = !p.box;
  zoom(p, false);
  element('large').onclose = () => moveTo(at);
  element('zoom').onclick = () => zoom(p, element('zoom').getAttribute('aria-pressed') !== 'true');
  if (!element('large').open) element('large').showModal();
}

function zoom(p, on) {
  const picture = element('large-picture');
  element('zoom').setAttribute('aria-pressed', String(on));
  if (!on || !p.box) { picture.style.transform = ''; return; }
  const [left, top, width, height] = p.box;  // shares of the picture
  const factor = Math.min(8, 1 / Math.max(width, height));
  picture.style.transformOrigin = 100 * (left + width / 2) + '% ' + 100 * (top + height / 2) + '%';
  picture.style.transform = 'scale(' + factor + ')';
}

// ---- keys

const setCurrent = (state) => {
  const p = current();
  if (!p) return;
  decide([[p, state]]);
  if (oneByOne) step(1); else moveTo(Math.min(at + 1, element('grid').children.length - 1));
};
const KEYS = {
  p: () => setCurrent('present'), a: () => setCurrent('absent'), u: () => setCurrent('unsure'),
  r: () => { if (!oneByOne) acceptRest(); },
  n: () => (oneByOne ? step(1) : turn(1)), b: () => (oneByOne ? step(-1) : turn(-1)),
  l: () => openLarge(current()), o: toggleView, z: undo, s: save, '?': () => element('keys').showModal(),
  ArrowRight: () => (oneByOne ? step(1) : moveTo(at + 1)),
  ArrowLeft: () => (oneByOne ? step(-1) : moveTo(at - 1)),
  ArrowDown: () => { if (!oneByOne) moveTo(at + columns()); },
  ArrowUp: () => { if (!oneByOne) moveTo(at - columns()); },
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (element('large').open) {
    if (event.key.toLowerCase() === 'm' && !element('zoom').hidden) element('zoom').click();
    return;
  }
  if (element('keys').open || event.target.matches('input, select, textarea')) return;
  const action = KEYS[event.key] || KEYS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

for (const state of STATES) element(state).addEventListener('click', () => setCurrent(state));
for (const id of ['class', 'state', 'from', 'to']) element(id).addEventListener('change', filter);
element('rest').addEventListener('click', acceptRest);
element('next').addEventListener('click', KEYS.n);
element('previous').addEventListener('click', KEYS.b);
element('view').addEventListener('click', toggleView);
element('enlarge').addEventListener('click', KEYS.l);
element('undo').addEventListener('click', undo);
element('save').addEventListener('click', save);
element('load').addEventListener('change', (event) => {
  load([...event.target.files]);
  event.target.value = '';
});
element('help').addEventListener('click', KEYS['?']);
element('keys-close').addEventListener('click', () => element('keys').close());
element('close').addEventListener('click', () => element('large').close());
addEventListener('storage', (event) => {
  if (event.key === STORE) say('Another window decides on the same proposals: work in one of them only.', true);
});

fillClasses();
recall();
filter();
