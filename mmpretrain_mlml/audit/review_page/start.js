// ---- keys and buttons

const goOn = (by) => (element('large').open ? stepLarge(by) : oneByOne ? step(by) : moveTo(at + by));

function setCurrent(state) {
  const p = current();
  if (!p) return;
  decide([[p, state]]);
  say(describe(p) + ': ' + state + '.');
  const last = sheet * sheetSize() + at + 1 >= shown.length;
  if (element('large').open) { if (!last) stepLarge(1); } else if (!oneByOne) moveTo(at + 1);
  else if (!last) { step(1); say(p.state + '. Next: ' + describe(current())); }
}

const KEYS = {
  p: () => setCurrent('present'), a: () => setCurrent('absent'), u: () => setCurrent('unsure'),
  r: () => { if (!oneByOne) acceptRest(); },
  n: () => (oneByOne ? step(1) : turn(1)), b: () => (oneByOne ? step(-1) : turn(-1)),
  l: openLarge, o: toggleView, z: undo, s: save, '?': () => element('keys').showModal(),
  ArrowRight: () => goOn(1), ArrowLeft: () => goOn(-1),
  ArrowDown: () => { if (!oneByOne) moveTo(at + columns); },
  ArrowUp: () => { if (!oneByOne) moveTo(at - columns); },
};
const IN_LARGE = ['p', 'a', 'u', 'z', 'ArrowRight', 'ArrowLeft'];

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select, textarea')) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let action = KEYS[name];
  if (element('large').open) action = name === 'm' ? toggleZoom : name === 'l' ? () => element('large').close() : IN_LARGE.includes(name) && action;
  else if (document.querySelector('dialog[open]')) return;
  if (!action) return;
  event.preventDefault();
  action();
});

for (const state of STATES) element(state).addEventListener('click', () => setCurrent(state));
for (const id of ['class', 'state', 'kind', 'from', 'to', 'size']) element(id).addEventListener('change', filter);
for (const id of ['keys', 'large', 'conflicts', 'earlier']) {
  element(id + '-close').addEventListener('click', () => element(id).close());
}
for (const [id, action] of Object.entries({
  rest: acceptRest, next: KEYS.n, previous: KEYS.b, view: toggleView, enlarge: openLarge, undo, save,
  help: KEYS['?'], zoom: toggleZoom, 'conflicts-open': showConflicts,
  'earlier-open': () => element('earlier').showModal(),
})) element(id).addEventListener('click', action);
element('class').addEventListener('focus', nameClasses);
element('load').addEventListener('change', (event) => {
  load([...event.target.files]);
  event.target.value = '';
});
addEventListener('storage', (event) => {
  if (event.key === STORE) say('Another window decides on the same proposals: work in one of them only.', true);
});
document.addEventListener('DOMContentLoaded', showLate);

fillClasses();
recall().then(() => {
  filter();
  document.body.dataset.ready = '';
});
