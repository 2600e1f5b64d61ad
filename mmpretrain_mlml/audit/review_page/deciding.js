// ---- deciding, undo, pace

const history = [];  // for each step the proposals with what they were before, and the moments it made
const moments = [];  // when decisions of the last minutes were made
const PACE_MINUTES = 5;
const FIELDS = ['state', 'reviewer', 'time', 'other'];

const snapshot = (p) => [p, FIELDS.map((name) => p[name])];

function assign(p, values) {
  left[p.klass] += (values.state === 'undecided') - (p.state === 'undecided');
  Object.assign(p, values);
  delete p.line;
}

// Change proposals: pairs of a proposal and its new values. One call is one step of undo.
function change(pairs, made = 0) {
  if (!pairs.length) return;
  history.push({before: pairs.map(([p]) => snapshot(p)), made});
  for (const [p, values] of pairs) assign(p, values);
  remember();
  pairs.forEach(([p]) => refresh(p));
  showCount();
}

function decide(pairs) {
  const time = new Date().toISOString().slice(0, 19) + 'Z', reviewer = element('reviewer').value.trim();
  const changed = pairs.filter(([p, state]) => p.state !== state || p.other);
  const made = changed.filter(([, state]) => state !== 'undecided').map(() => Date.now());
  moments.push(...made);
  change(changed.map(([p, state]) => [p, state === 'undecided'
    ? {state, reviewer: '', time: '', other: null} : {state, reviewer, time, other: null}]), made.length);
}

function undo() {
  const {before, made} = history.pop() ?? {};
  if (!before) return say('Nothing to undo.');
  for (const [p, values] of before) {
    assign(p, Object.fromEntries(FIELDS.map((name, index) => [name, values[index]])));
    refresh(p);
  }
  moments.splice(Math.max(0, moments.length - made));
  remember();
  showCount();
  say(before.length === 1 ? 'Undone: ' + describe(before[0][0]) + '.' : before.length + ' decisions undone.');
}

function showCount() {
  const decided = proposals.length - left.reduce((sum, count) => sum + count, 0);
  const since = Date.now() - PACE_MINUTES * 60000;
  while (moments.length && moments[0] < since) moments.shift();
  const minutes = moments.length ? Math.max(1 / 6, (Date.now() - moments[0]) / 60000) : 1;
  element('progress').max = proposals.length || 1;
  element('progress').value = decided;
  element('count').textContent = decided + ' of ' + proposals.length + ' decided'
    + (moments.length ? ', ' + Math.round(moments.length / minutes) + ' a minute' : '');
  const conflicts = proposals.filter((p) => p.other).length;
  element('conflicts-open').hidden = !conflicts;
  element('conflicts-open').textContent = 'Conflicts (' + conflicts + ')';
}
