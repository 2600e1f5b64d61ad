'use strict';
// Errors of predictions. All names are data: they reach the page as text, never as markup.

const data = JSON.parse(document.getElementById('data').textContent);
const element = (id) => document.getElementById(id);
const percent = (value) => (100 * value).toFixed(1) + ' %';
const KINDS = [
  {style: 'wrong', title: 'False positives', mark: '✗ absent'},
  {style: 'missed', title: 'Misses', mark: '○ missed'},
];
const STATES = ['✓ predicted and labelled', '✗ predicted, labelled absent', '○ labelled, not predicted', '? predicted, nobody said'];
let tiles = [], at = 0;

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function nameOf(section) { return data.names[section.name]; }

function makeTile(section, kind, image, probability) {
  const {name, thumbnail} = data.images[image];
  const picture = make('img', {src: thumbnail, alt: '', loading: 'lazy', decoding: 'async'});
  const tile = make('button', {type: 'button', className: 'tile ' + KINDS[kind].style}, picture,
    make('span', {textContent: percent(probability)}),
    make('span', {className: 'mark', textContent: KINDS[kind].mark}),
    make('span', {textContent: name}));
  tile.dataset.image = image;
  tile.dataset.name = section.name;
  tile.addEventListener('click', () => openTile(tiles.indexOf(tile)));
  return tile;
}

function makeSection(section, kinds) {
  const rule = data.topk ? 'among the ' + data.topk + ' most probable' : 'above ' + percent(section.threshold);
  const made = make('section', {}, make('h2', {textContent: nameOf(section)}), make('p', {
    textContent: section.false_positives + ' false positives, ' + section.missed + ' missed of '
      + section.positives + '; predicted ' + rule,
  }));
  for (const kind of kinds) {
    const all = [section.false_positives, section.missed][kind];
    const shown = section.shown[kind];
    if (!shown.length) continue;
    const some = shown.length < all ? ' (' + shown.length + ' of ' + all + ')' : '';
    const grid = make('div', {className: 'grid'}, ...shown.map(([image, probability]) =>
      makeTile(section, kind, image, probability)));
    made.append(make('h3', {textContent: KINDS[kind].title + some}), grid);
  }
  return made;
}

function show() {
  const chosen = element('class').value, kind = element('kind').value, order = element('order').value;
  const kinds = kind === '' ? [0, 1] : [Number(kind)];
  const size = (section) => order === 'errors' ? section.false_positives + section.missed : section[order];
  const sections = data.classes
    .filter((section) => (chosen === '' || section.name === Number(chosen)) && kinds.some((one) => section.shown[one].length))
    .sort((a, b) => order === 'name' ? nameOf(a).localeCompare(nameOf(b)) : size(b) - size(a));
  element('sections').replaceChildren(...sections.map((section) => makeSection(section, kinds)));
  tiles = [...document.querySelectorAll('.tile')];
  element('message').textContent = tiles.length
    ? tiles.length + ' errors of ' + sections.length + ' classes are shown' : 'No errors.';
}

function openTile(number) {
  at = (number + tiles.length) % tiles.length;
  const {image, name} = tiles[at].dataset;
  const shown = data.images[image];
  const picture = element('picture');
  picture.onerror = () => { picture.onerror = null; picture.src = shown.thumbnail; };  // the file has gone
  picture.src = shown.file || shown.thumbnail;
  picture.alt = shown.name;
  element('caption').textContent = shown.name + ' (' + (at + 1) + ' of ' + tiles.length + ')';
  element('tags').replaceChildren(...shown.tags.map(([tag, probability, state]) => {
    const row = make('li', {textContent: data.names[tag] + ' ' + percent(probability) + ': ' + STATES[state]});
    row.dataset.state = state;
    if (tag === Number(name)) row.dataset.this = '';
    return row;
  }));
  if (!element('large').open) element('large').showModal();
}

element('class').append(make('option', {value: '', textContent: 'all'}), ...data.classes.map((section) =>
  make('option', {value: section.name, textContent: nameOf(section)})));
for (const id of ['class', 'kind', 'order']) element(id).addEventListener('change', show);
element('previous').addEventListener('click', () => openTile(at - 1));
element('next').addEventListener('click', () => openTile(at + 1));
element('close').addEventListener('click', () => element('large').close());
element('large').addEventListener('close', () => tiles[at].focus());
element('large').addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!step) return;
  event.preventDefault();
  openTile(at + step);
});
show();
