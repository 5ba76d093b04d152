'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const search = byId('search'), list = byId('list'), count = byId('count');
const MOST_LISTED = 400;
let pressed = '', chosen = -1;

for (const link of data.links) {
  link.text = [link.path, link.target || '', link.kind.replace('_', ' '), link.class, link.state].join('\n').toLowerCase();
}

function wanted() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  return data.links.map((link, number) => number).filter((number) => {
    const link = data.links[number];
    return (!pressed || link.class === pressed) && words.every((word) => link.text.includes(word));
  });
}

function mark(name, ids) {
  for (const old of document.querySelectorAll('#drawing .' + name)) old.classList.remove(name);
  for (const id of ids) byId(id)?.classList.add(name);
}

function parts(link) { return [link.row, 'l' + link.line, link.to]; }

function item(number) {
  const link = data.links[number], li = document.createElement('li');
  li.className = link.class + (number === chosen ? ' chosen' : '');
  li.style.setProperty('--c', `var(--${link.class})`);
  li.tabIndex = 0;
  const code = document.createElement('code'), small = document.createElement('small');
  code.textContent = link.path;
  small.textContent = link.words + (link.target ? ' → ' + link.target : '');
  li.append(code, small);
  li.onclick = () => choose(number);
  li.onkeydown = (event) => { if (event.key === 'Enter') choose(number); };
  return li;
}

function show() {
  const hits = wanted(), searching = Boolean(pressed || search.value.trim());
  document.body.classList.toggle('searching', searching);
  document.body.dataset.hits = hits.length;
  mark('hit', searching ? new Set(hits.flatMap((number) => parts(data.links[number]))) : []);
  list.replaceChildren(...hits.slice(0, MOST_LISTED).map(item));
  const more = hits.length > MOST_LISTED ? `, the first ${MOST_LISTED} listed: type to find others` : '';
  count.textContent = `${hits.length} of ${data.total} links${more}`;
}

function choose(number) {
  chosen = number === chosen ? -1 : number;
  const link = data.links[chosen];
  mark('chosen', link ? parts(link) : []);
  if (link) byId(link.row)?.scrollIntoView({ block: 'center', inline: 'center', behavior: 'smooth' });
  show();
  list.querySelector('.chosen')?.scrollIntoView({ block: 'nearest' });
}

for (const button of document.querySelectorAll('#legend button')) {
  button.onclick = () => {
    pressed = pressed === button.dataset.class ? '' : button.dataset.class;
    for (const other of document.querySelectorAll('#legend button')) other.ariaPressed = String(other.dataset.class === pressed);
    show();
  };
}

const drawing = byId('drawing'), main = document.querySelector('main');
const full = { width: drawing.width.baseVal.value, height: drawing.height.baseVal.value };
let zoom = 1;
function setZoom(to) {
  zoom = Math.min(4, Math.max(0.1, to));
  drawing.setAttribute('width', full.width * zoom);
  drawing.setAttribute('height', full.height * zoom);
}
byId('in').onclick = () => setZoom(zoom * 1.25);
byId('out').onclick = () => setZoom(zoom / 1.25);
const fitting = () => Math.min(main.clientWidth / full.width, main.clientHeight / full.height);
byId('fit').onclick = () => setZoom(fitting());
// As much as can be read at a glance, to begin with.
setZoom(Math.min(1, Math.max(0.6, fitting())));
byId('full').onclick = () => setZoom(1);

drawing.addEventListener('click', (event) => {
  const row = event.target.closest('.row');
  const number = row ? data.links.findIndex((link) => link.row === row.id) : -1;
  if (number >= 0) choose(number);
});

search.oninput = () => {
  history.replaceState(null, '', search.value ? '#q=' + encodeURIComponent(search.value) : location.pathname);
  show();
};
function fromHash() {
  const words = /^#q=(.*)$/.exec(location.hash);
  if (words) { try { search.value = decodeURIComponent(words[1]); } catch { search.value = words[1]; } }
  show();
}
addEventListener('hashchange', fromHash);
addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  if (event.key === 'Escape') { search.value = ''; search.oninput(); }
});
fromHash();
