// ---- sheets of pictures

const NEXT_STATE = {undecided: 'absent', absent: 'unsure', unsure: 'undecided', present: 'absent'};
let shown = [], sheet = 0, at = 0, oneByOne = false;

const sheetSize = () => Number(element('size').value) || Math.max(1, shown.length);
const sheets = () => Math.max(1, Math.ceil(shown.length / sheetSize()));
const onSheet = () => shown.slice(sheet * sheetSize(), (sheet + 1) * sheetSize());
const current = () => shown[sheet * sheetSize() + at];

function fillClasses() {
  const counts = new Map();
  for (const p of proposals) counts.set(p.klass, (counts.get(p.klass) || 0) + 1);
  const first = [...counts.keys()];  // in the order of the best proposal
  const options = first.map((klass) => new Option('', klass));
  if (first.length > 1) options.push(new Option('', ''));
  element('class').replaceChildren(...options);
  const kinds = [...new Set(proposals.map((p) => p.kind))];
  element('kind').append(...kinds.map((kind) => new Option(KINDS[kind] ?? kind, kind)));
  element('kind').parentElement.hidden = kinds.length < 2;
  nameClasses();
}

function nameClasses() {
  for (const option of element('class').options) {
    const all = option.value === '';
    const open = all ? left.reduce((sum, count) => sum + count, 0) : left[option.value];
    option.textContent = (all ? 'all classes' : data.classes[option.value]) + ' (' + open + ' left)';
  }
}

function filter() {
  const klass = element('class').value, state = element('state').value, kind = element('kind').value;
  const from = Number(element('from').value) / 100, to = Number(element('to').value) / 100;
  shown = proposals.filter((p) => (klass === '' || p.klass === Number(klass))
    && (!state || (state === 'conflict' ? p.other : p.state === state)) && (!kind || p.kind === kind)
    && p.probability >= from && p.probability <= to);
  sheet = 0;
  at = 0;
  nameClasses();
  draw();
}

function draw() {
  const one = element('class').value !== '';
  const name = one && shown.length ? className(shown[0]) : '';
  element('question').textContent = !shown.length ? 'Nothing to show: change the filters.'
    : name ? (oneByOne ? 'Does it show “' + name + '”?' : 'Which of these do not show “' + name + '”?')
      : 'Which of these do not show the class below them?';
  const part = onSheet();
  at = Math.min(at, Math.max(0, part.length - 1));
  drawGrid();
  element('single').hidden = !oneByOne || !shown.length;
  element('rest').hidden = oneByOne || !shown.length;
  element('view').setAttribute('aria-pressed', String(oneByOne));
  if (oneByOne && shown.length) drawSingle();
  element('sheet').textContent = oneByOne ? (shown.length ? sheet * sheetSize() + at + 1 : 0) + ' of ' + shown.length
    : 'sheet ' + (sheet + 1) + ' of ' + sheets() + ' (' + shown.length + ')';
  showCount();
}

function tile(p, position) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'tile';
  button.tabIndex = position === at ? 0 : -1;
  const image = document.createElement('img');
  image.alt = '';
  image.decoding = 'async';
  showThumbnail(image, p);
  const caption = document.createElement('span');
  caption.textContent = (element('class').value === '' ? className(p) + ', ' : '')
    + Math.round(100 * p.probability) + ' %' + (p.kind === 'wrong' ? ', labelled' : '');
  const mark = document.createElement('span');
  mark.className = 'mark';
  button.append(image, caption, mark);
  button.addEventListener('click', () => {
    moveTo(position, {focus: false});
    decide([[p, NEXT_STATE[p.state]]]);
    say(describe(p) + ': ' + p.state + '.');
  });
  button.addEventListener('focus', () => moveTo(position, {focus: false}));
  button.proposal = p;
  p.tile = button;
  paint(p);
  return button;
}

function paint(p) {
  p.tile.dataset.state = p.state;
  p.tile.querySelector('.mark').textContent = WORDS[p.state] + (p.other ? ' ≠ ' + p.other.state : '');
  p.tile.setAttribute('aria-label', describe(p) + ', ' + p.state);
}

function refresh(p) {
  if (p.tile?.isConnected) paint(p);
  if (current() !== p) return;
  if (oneByOne) drawSingle();
  if (element('large').open) drawLarge();
}

function showThumbnail(image, p) {
  const url = thumbnail(p.image);
  if (url) image.src = url;
  else image.dataset.late = '';
}

// The page is complete: pictures that were asked for before they had arrived.
function showLate() {
  for (const image of document.querySelectorAll('img[data-late]')) {
    delete image.dataset.late;
    showThumbnail(image, image.parentElement.proposal ?? current());
  }
}

// ---- rest
// Only what has been on the screen is accepted as the rest.

function acceptRest() {
  noteSeen();
  const part = onSheet();
  const open = part.filter((p) => p.state === 'undecided' && seen.has(p));
  decide(open.map((p) => [p, 'present']));
  const next = part.findIndex((p) => !seen.has(p)), unseen = part.filter((p) => !seen.has(p)).length;
  if (unseen) {
    moveTo(next, {toTop: true});
    say(open.length + ' accepted as present; ' + unseen + ' of this sheet have not been on the screen yet.');
    return;
  }
  const text = open.length + ' accepted as present.';
  if (sheet + 1 < sheets()) turn(1);
  else if (nextClass()) return say(text + ' Next class: ' + className(shown[0]) + '.');
  say(text);
}

// Go on to the next class with undecided proposals; return whether there is one.
function nextClass() {
  const select = element('class');
  if (select.value === '') return false;
  const values = [...select.options].map((option) => option.value).filter((value) => value !== '');
  const here = values.indexOf(select.value);
  const next = [...values.slice(here + 1), ...values.slice(0, here)].find((value) => left[value]);
  if (next === undefined) return false;
  select.value = next;
  filter();
  window.scrollTo(0, 0);
  focusCurrent();
  return true;
}

// ---- moving

// Make a picture the current one, by default with a look at it and the focus on it.
function moveTo(position, {focus = true, toTop = false} = {}) {
  if (position < 0 || position >= onSheet().length || oneByOne) return;
  if (tiles.has(at)) tiles.get(at).tabIndex = -1;
  at = position;
  if (focus) bringIntoView(at, toTop);
  if (tiles.has(at)) tiles.get(at).tabIndex = 0;
  if (focus) tiles.get(at)?.focus({preventScroll: true});
}

function focusCurrent() {
  if (oneByOne) element('question').focus();
  else moveTo(at);
}

function turn(by) {
  const next = sheet + by;
  if (next < 0) return say('This is the first sheet.');
  if (next >= sheets()) {
    if (!nextClass()) say('This is the last sheet.');
    else say('Next class: ' + className(shown[0]) + '.');
    return;
  }
  sheet = next;
  at = 0;
  draw();
  window.scrollTo(0, 0);
  focusCurrent();
}

function step(by) {
  const position = sheet * sheetSize() + at + by;
  if (position < 0 || position >= shown.length) return say(by > 0 ? 'This is the last one.' : 'This is the first one.');
  const before = sheet;
  sheet = Math.floor(position / sheetSize());
  if (!oneByOne && sheet === before) return moveTo(position % sheetSize());
  at = position % sheetSize();
  draw();
  if (!element('large').open) say(describe(current()) + (current().state === 'undecided' ? '' : ', ' + current().state));
}

function toggleView() {
  oneByOne = !oneByOne;
  draw();
  focusCurrent();
}

function drawSingle() {
  const p = current();
  showPicture(element('picture'), p);
  element('picture').dataset.state = p.state;
  element('picture').alt = describe(p);
  element('caption').textContent = describe(p) + (WORDS[p.state] ? ': ' + WORDS[p.state] : '');
}

// Show the file of a picture; its thumbnail if there is none.
function showPicture(image, p) {
  const file = data.images[p.image].file;
  image.onerror = () => { image.onerror = null; showThumbnail(image, p); };
  if (file) image.src = file;
  else showThumbnail(image, p);
}
