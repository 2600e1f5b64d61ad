// ---- large view, and where the model looks

let zoomed = false;

function openLarge() {
  if (!current()) return;
  zoomed = false;
  drawLarge();
  if (!element('large').open) element('large').showModal();
  place();
}

function drawLarge() {
  const p = current();
  const text = describe(p) + (WORDS[p.state] ? ': ' + WORDS[p.state] : '');
  showPicture(element('large-picture'), p);
  element('large-picture').alt = describe(p);
  element('frame').dataset.state = p.state;
  element('large-caption').textContent = text;
  element('zoom').hidden = !p.box;
  place();
}

function stepLarge(by) {
  step(by);
  drawLarge();
}

function toggleZoom() {
  if (!current().box) return;
  zoomed = !zoomed;
  place();
}

// Put the frame of where the model looks on the picture, and bring it near if it is zoomed.
function place() {
  const {box} = current(), picture = element('large-picture'), canvas = element('canvas'), outline = element('outline');
  element('zoom').setAttribute('aria-pressed', String(zoomed));
  outline.hidden = !box || !picture.naturalWidth;
  canvas.style.transform = '';
  if (outline.hidden) return;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const scale = Math.min(width / picture.naturalWidth, height / picture.naturalHeight);
  const shownWidth = scale * picture.naturalWidth, shownHeight = scale * picture.naturalHeight;
  const x = (width - shownWidth) / 2 + box[0] * shownWidth, y = (height - shownHeight) / 2 + box[1] * shownHeight;
  const w = box[2] * shownWidth, h = box[3] * shownHeight;
  Object.assign(outline.style, {left: x + 'px', top: y + 'px', width: w + 'px', height: h + 'px'});
  if (!zoomed) return;
  const factor = Math.max(1, Math.min(8, 0.9 * width / w, 0.9 * height / h));
  canvas.style.transform = 'translate(' + (width / 2 - factor * (x + w / 2)) + 'px,'
    + (height / 2 - factor * (y + h / 2)) + 'px) scale(' + factor + ')';
}

element('large-picture').addEventListener('load', place);
addEventListener('resize', () => { if (element('large').open) place(); });
element('large').addEventListener('close', focusCurrent);
