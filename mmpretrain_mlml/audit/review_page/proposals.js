'use strict';
// Review of proposals. All names are data: they reach the page as text, never as markup.

const data = JSON.parse(document.getElementById('data').textContent);
const element = (id) => document.getElementById(id);
const STATES = ['present', 'absent', 'unsure'];
const WORDS = {present: '✓ present', absent: '✗ absent', unsure: '? unsure', undecided: ''};
const KINDS = {missing: 'likely missing', wrong: 'labelled, likely wrong'};

// A proposal: [image, class, probability, kind, box]; image and class are indices into the lists.
// `other` is a decision of somebody else that disagrees.
const proposals = data.proposals.map(([image, klass, probability, kind, box], index) => ({
  index, image, klass, probability, kind, box, state: 'undecided', reviewer: '', time: '', other: null,
}));
const imageName = (p) => data.images[p.image].name;
const className = (p) => data.classes[p.klass];
const keyOf = (image, klass) => image + '\n' + klass;
const byEntry = new Map(proposals.map((p) => [keyOf(imageName(p), className(p)), p]));
const left = data.classes.map(() => 0);  // undecided proposals of each class
for (const p of proposals) left[p.klass]++;

function describe(p) {
  return imageName(p) + ', ' + className(p) + ', ' + Math.round(100 * p.probability) + ' %'
    + (p.kind === 'wrong' ? ', labelled' : '') + (p.other ? ', conflict' : '');
}

function say(text, problem = false) {
  element('message').textContent = text;
  element('message').classList.toggle('problem', problem);
}

// ---- thumbnails: files, or lines of base 64 in the elements of the page

const blocks = new Map();

// Return the address of a thumbnail; '' while the page has not come as far as this picture.
function thumbnail(image) {
  if (!data.block) return data.images[image].thumbnail;
  const number = Math.floor(image / data.block);
  if (!blocks.has(number)) {
    const block = element('thumbnails-' + number);
    if (!block || (document.readyState === 'loading' && !block.nextSibling)) return '';
    blocks.set(number, block.textContent.split('\n'));
  }
  return 'data:image/jpeg;base64,' + blocks.get(number)[image % data.block];
}
