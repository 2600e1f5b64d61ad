// ---- the grid: only the rows near the screen are in the page, so that a sheet of thousands is cheap

const tiles = new Map();  // position on the sheet: its tile
const seen = new Set();  // proposals of this sheet that have been on the screen
let columns = 1, rowHeight = 1, planned = false;

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

function drawGrid() {
  const grid = element('grid'), style = getComputedStyle(grid);
  columns = style.gridTemplateColumns.split(' ').length;
  rowHeight = parseFloat(style.gridAutoRows) + parseFloat(style.rowGap);
  tiles.clear();
  seen.clear();
  grid.replaceChildren();
  grid.style.paddingTop = grid.style.paddingBottom = '0';
  drawRows();
}

function drawRows() {
  const grid = element('grid'), part = oneByOne ? [] : onSheet();
  const rows = Math.ceil(part.length / columns), top = grid.getBoundingClientRect().top;
  const from = clamp(Math.floor((-top - innerHeight) / rowHeight), 0, rows);
  const to = clamp(Math.ceil((2 * innerHeight - top) / rowHeight), from, rows);
  const first = from * columns, last = Math.min(part.length, to * columns);
  for (const [position, made] of tiles) {
    if (position >= first && position < last) continue;
    made.remove();
    tiles.delete(position);
  }
  for (let position = last - 1, next = null; position >= first; position--) {
    if (!tiles.has(position)) {
      tiles.set(position, tile(part[position], position));
      grid.insertBefore(tiles.get(position), next);
    }
    next = tiles.get(position);
  }
  grid.style.paddingTop = from * rowHeight + 'px';
  grid.style.paddingBottom = (rows - to) * rowHeight + 'px';
  noteSeen();
}

const headerBottom = () => document.querySelector('header').getBoundingClientRect().bottom;
const footerTop = () => Math.min(innerHeight, document.querySelector('main nav').getBoundingClientRect().top);

// A picture has been on the screen when its middle has.
function noteSeen() {
  if (document.hidden) return;
  const top = element('grid').getBoundingClientRect().top - headerBottom();
  const height = footerTop() - headerBottom(), part = onSheet();
  const first = Math.ceil(-top / rowHeight - 0.5), last = Math.floor((height - top) / rowHeight - 0.5);
  for (let position = Math.max(0, first * columns); position < Math.min(part.length, (last + 1) * columns); position++) {
    seen.add(part[position]);
  }
}

function bringIntoView(position, toTop) {
  const y = element('grid').getBoundingClientRect().top + Math.floor(position / columns) * rowHeight;
  const above = y - headerBottom() - 8, below = y + rowHeight - footerTop();
  if (toTop || above < 0) scrollBy(0, above);
  else if (below > 0) scrollBy(0, Math.min(below, above));
  drawRows();
}

addEventListener('scroll', () => {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    drawRows();
  });
});
let width = 0;
new ResizeObserver(([grid]) => {
  const changed = width && grid.contentRect.width !== width;
  width = grid.contentRect.width;
  if (changed) draw();
}).observe(element('grid'));
