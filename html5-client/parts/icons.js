/* Icons as stroked paths on a 24 x 24 grid. */

/** @type {Record<string, string>} */
const PATHS = {
  back: 'M15 5l-7 7 7 7',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4z M12 10.5a3 3 0 100 6 3 3 0 000-6z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clipboard: 'M8 5H5v16h14V5h-3 M8 3h8v4H8z M9 12h6 M9 16h4',
  close: 'M6 6l12 12 M18 6L6 18',
  disc: 'M12 3a9 9 0 100 18 9 9 0 000-18z M12 9.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z',
  down: 'M7 10l5 5 5-5',
  eject: 'M12 5l7 9H5z M5 18.5h14',
  expand: 'M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5',
  eye: 'M2 12c2.5-4.5 6-6.5 10-6.5s7.5 2 10 6.5c-2.5 4.5-6 6.5-10 6.5S4.5 16.5 2 12z M12 9a3 3 0 100 6 3 3 0 000-6z',
  file: 'M6 3h8l4 4v14H6z M14 3v4h4',
  film: 'M3 5h18v14H3z M7.5 5v14 M16.5 5v14 M3 9.700h4.5 M3 14.300h4.5 M16.5 9.700h4.5 M16.5 14.300h4.5',
  fit: 'M3 5h18v14H3z M7 9.5V9h3 M17 14.5V15h-3',
  folder: 'M3 6h6l2 2.500h10V19H3z',
  sliders: 'M4 7h8 M18 7h2 M15 4.500v5 M4 17h2 M12 17h8 M9 14.500v5',
  keyboard: 'M2.5 6h19v12h-19z M6 10h.01 M9 10h.01 M12 10h.01 M15 10h.01 M18 10h.01 M6 14h.01 M18 14h.01 M9 14h6',
  lock: 'M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 017 0v3',
  markBack: 'M6 5v14 M19 5l-9 7 9 7z',
  markOn: 'M18 5v14 M5 5l9 7-9 7z',
  more: 'M5 11.4a.6.6 0 100 1.2.6.6 0 000-1.2z M12 11.4a.6.6 0 100 1.2.6.6 0 000-1.2z M19 11.4a.6.6 0 100 1.2.6.6 0 000-1.2z',
  pause: 'M8 5v14 M16 5v14',
  person: 'M12 4a4 4 0 100 8 4 4 0 000-8z M4.5 20c1-3.5 4-5 7.5-5s6.5 1.5 7.5 5',
  play: 'M7 4.5l12 7.5-12 7.5z',
  plug: 'M9 3v5 M15 3v5 M6 8h12v3a6 6 0 01-12 0z M12 17v4',
  power: 'M12 3v8 M6.5 6.5a8 8 0 1011 0',
  record: 'M12 3a9 9 0 100 18 9 9 0 000-18z M12 8.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7z',
  screen: 'M3 4.5h18v12H3z M8.5 20.5h7 M12 16.5v4',
  screenOff: 'M5.5 4.5H3v12h13.5 M9.5 4.5H21v11.5 M8.5 20.5h7 M3 2l18 20',
  search: 'M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13z M15.5 15.5L21 21',
  softKeyboard: 'M2.5 4h19v10h-19z M6 7h.01 M9 7h.01 M12 7h.01 M15 7h.01 M18 7h.01 M6.5 10.5h11 M9 17.5l3 3 3-3',
  stepBack: 'M7 6v12 M17 6l-6 6 6 6',
  stepOn: 'M17 6v12 M7 6l6 6-6 6',
  stick: 'M8 10h8v11H8z M9.5 10V4h5v6',
  wall: 'M3 4.5h8v6.500H3z M13 4.5h8v6.500h-8z M3 13h8v6.500H3z M13 13h8v6.500h-8z',
  wait: 'M12 3a9 9 0 109 9 M12 7v5l3 2',
  warn: 'M12 4l9.5 16h-19z M12 10v4.5 M12 17.250h.01',
};

const SVG = 'http://www.w3.org/2000/svg';

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
