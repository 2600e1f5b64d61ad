// ---- keeping decisions in the browser
// localStorage is written at once, but a browser may take a minute to bring it to the disk; IndexedDB
// is on the disk when its transaction ends. Both hold the same text, and the newer one counts.

const PREFIX = 'mmpretrain_mlml.decisions.';
const STORE = PREFIX + data.digest;
const TABLE = 'decisions';
let database = null, writing = false, waiting = null;

const finished = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function openDatabase() {
  const opening = indexedDB.open('mmpretrain_mlml', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 2000));
  database = await Promise.race([finished(opening), late]);
}

function remember() {
  const text = JSON.stringify({title: data.title, saved: Date.now(), csv: asKept()});
  let problem = null;
  try {
    localStorage.setItem(STORE, text);
  } catch (error) {
    problem = error;
  }
  if (database) writeLatest(text);
  else if (problem) notKept(problem);
}

function writeLatest(text) {
  waiting = text;
  if (writing) return;
  writing = true;
  const ended = (event) => {
    writing = false;
    if (event.type !== 'complete') {
      if (localStorage.getItem(STORE) !== text) notKept(event.target.error);
    } else if (waiting) writeLatest(waiting);
  };
  const transaction = database.transaction(TABLE, 'readwrite', {durability: 'strict'});
  transaction.oncomplete = transaction.onabort = ended;
  transaction.objectStore(TABLE).put(waiting, STORE);
  waiting = null;
}

function notKept(error) {
  say('This browser does not keep decisions (' + (error?.name ?? 'unknown error') + '): save decisions.csv before you close the page.', true);
}

// Return what the browser keeps: for each store its title, time and decisions.csv, the newer of two.
async function kept() {
  const texts = [];
  if (database) {
    const table = database.transaction(TABLE).objectStore(TABLE);
    const [names, values] = await Promise.all([finished(table.getAllKeys()), finished(table.getAll())]);
    names.forEach((name, index) => texts.push([name, values[index]]));
  }
  for (const name of Object.keys(localStorage)) texts.push([name, localStorage.getItem(name)]);
  const stores = new Map();
  for (const [name, text] of texts) {
    if (!name.startsWith(PREFIX)) continue;
    try {
      const store = JSON.parse(text);
      if (!(stores.get(name)?.saved >= store.saved)) stores.set(name, store);
    } catch (error) {
      if (name === STORE) say('Earlier decisions could not be read (' + error.message + ').', true);
    }
  }
  return stores;
}

async function recall() {
  try {
    await openDatabase();
  } catch (error) {
    database = null;  // localStorage is left
  }
  try {
    const stores = await kept();
    const own = stores.get(STORE);
    if (own) {
      const decisions = readDecisions(own.csv, 'kept decisions').filter((one) => one.proposal);
      for (const {proposal, ...values} of decisions) assign(proposal, values);
      if (decisions.length) say(decisions.length + ' earlier decisions are back.');
    }
    offerOthers(stores);
  } catch (error) {
    say('Earlier decisions could not be read (' + error.message + ').', true);
  }
}

// Decisions about other proposals, of a page with this title or about entries of this page: nothing
// is taken over unasked, and nothing is lost.
function offerOthers(stores) {
  const rows = [];
  let about = 0;
  for (const [name, store] of stores) {
    if (name === STORE) continue;
    const decisions = readDecisions(store.csv, store.title);
    const here = decisions.filter((one) => one.proposal);
    if (!decisions.length || (!here.length && store.title !== data.title)) continue;
    about += here.length;
    const button = (text, act) => {
      const made = document.createElement('button');
      made.type = 'button';
      made.textContent = text;
      made.addEventListener('click', act);
      return made;
    };
    const take = button('Take over', () => { element('earlier').close(); merge(here); });
    take.disabled = !here.length;
    rows.push(tableRow(store.title, new Date(store.saved).toISOString().slice(0, 16).replace('T', ' '),
      String(decisions.length), String(here.length), take,
      button('Save', () => download(csvOf(store.csv)))));
  }
  element('earlier-rows').replaceChildren(...rows);
  element('earlier-open').hidden = !rows.length;
  if (rows.length && !decidedOnes().length) {
    say('This browser keeps decisions about other proposals, ' + about + ' of them about entries of this page: see Earlier reviews.');
  }
}

// Reduce what is kept to the columns of decisions.csv.
const csvOf = (keptText) => parseCsv(keptText).map((row) => csvRow(row.slice(0, HEADER.length))).join('\n') + '\n';
