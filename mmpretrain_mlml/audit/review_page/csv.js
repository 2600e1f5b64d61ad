// ---- decisions.csv

const HEADER = ['image', 'class', 'decision', 'reviewer', 'time'];
const KEPT_HEADER = [...HEADER, 'other', 'other_reviewer'];  // what the browser keeps

const quote = (text) => /[",\r\n]/.test(text) || text !== text.trim() ? '"' + text.replaceAll('"', '""') + '"' : text;
const csvRow = (cells) => cells.map(quote).join(',');
const decidedOnes = () => proposals.filter((p) => p.state !== 'undecided');

function asCsv() {
  const rows = decidedOnes().map((p) => csvRow([imageName(p), className(p), p.state, p.reviewer, p.time]));
  return [csvRow(HEADER), ...rows].join('\n') + '\n';
}

// The same with conflicts. The line of a proposal is made once, since this runs after each decision.
function asKept() {
  const rows = decidedOnes().map((p) => p.line ??= csvRow([imageName(p), className(p), p.state,
    p.reviewer, p.time, p.other?.state ?? '', p.other?.reviewer ?? '']));
  return [csvRow(KEPT_HEADER), ...rows].join('\n') + '\n';
}

function download(text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
  link.download = 'decisions.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function save() {
  download(asCsv());
  say(decidedOnes().length + ' decisions saved to decisions.csv.');
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
  if (quoted) throw new Error('a quote that is opened is not closed');
  if (cell || row.length) rows.push([...row, cell]);
  return rows;
}

// Return decisions as objects; throw an Error that names what is wrong and the row.
function readDecisions(text, name) {
  let header, rows;
  try {
    [header, ...rows] = parseCsv(text);
  } catch (error) {
    throw new Error(name + ': ' + error.message);
  }
  const column = Object.fromEntries(KEPT_HEADER.map((key) => [key, (header || []).indexOf(key)]));
  if (column.image < 0 || column.class < 0 || column.decision < 0) {
    throw new Error(name + ': expected the columns image,class,decision, got ' + (header || []).join(','));
  }
  return rows.map((row, number) => {
    const cell = (key) => row[column[key]] ?? '';
    if (!STATES.includes(cell('decision'))) {
      throw new Error(name + ':' + (number + 2) + ': expected present, absent or unsure, got ' + JSON.stringify(cell('decision')));
    }
    return {
      proposal: byEntry.get(keyOf(cell('image'), cell('class'))),
      state: cell('decision'), reviewer: cell('reviewer'), time: cell('time'),
      other: STATES.includes(cell('other')) ? {state: cell('other'), reviewer: cell('other_reviewer')} : null,
    };
  });
}

// Merge decisions into those of the page: what is clear replaces what is unsure; present against
// absent is a conflict, in which the earlier decision stays until somebody decides.
function merge(decisions) {
  const changes = new Map();
  let unknown = 0, loaded = 0, conflicts = 0;
  for (const {proposal, state, reviewer, time} of decisions) {
    if (!proposal) { unknown++; continue; }
    const earlier = changes.get(proposal) ?? proposal;
    if (earlier.state === 'undecided' || (earlier.state === 'unsure' && state !== 'unsure')) {
      changes.set(proposal, {state, reviewer, time, other: null});
      loaded++;
    } else if (state !== 'unsure' && state !== earlier.state) {
      const {state: kept, reviewer: by, time: when} = earlier;
      changes.set(proposal, {state: kept, reviewer: by, time: when, other: {state, reviewer}});
      conflicts++;
    }
  }
  change([...changes]);
  filter();
  let text = loaded + ' decisions loaded.';
  if (unknown) text += ' ' + unknown + ' are not about proposals of this page and were left out.';
  if (conflicts) text += ' ' + conflicts + ' disagree with an earlier decision, which was kept: see Conflicts.';
  say(text, Boolean(unknown || conflicts));
}

async function load(files) {
  try {
    const decisions = [];
    for (const file of files) decisions.push(...readDecisions(await file.text(), file.name));
    merge(decisions);
  } catch (error) {
    say(error.message + '. Nothing was loaded.', true);
  }
}

function tableRow(...cells) {
  const row = document.createElement('tr');
  for (const cell of cells) {
    const box = document.createElement('td');
    box.append(cell);
    row.append(box);
  }
  return row;
}

function showConflicts() {
  const by = (who) => (who ? ' (' + who + ')' : '');
  element('conflict-rows').replaceChildren(...proposals.filter((p) => p.other).map((p) => tableRow(
    imageName(p), className(p), WORDS[p.state] + by(p.reviewer), WORDS[p.other.state] + by(p.other.reviewer))));
  element('conflicts').showModal();
}
