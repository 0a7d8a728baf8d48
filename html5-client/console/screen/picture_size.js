/* How large the picture stands on the page. Pure. Sharp means: one target pixel is a whole number of screen pixels. */

/** @typedef {'fit'|'fill'|'own'} SizeMode fit: largest sharp size; fill: all the room there is; own: one to one */

/**
 * @param {SizeMode} mode
 * @param {{width: number, height: number}} picture in target pixels
 * @param {{width: number, height: number}} room in CSS pixels
 * @param {number} density screen pixels per CSS pixel
 * @returns {{width: number, height: number, sharp: boolean, scale: number}} CSS pixels; scale: screen pixels per
 *   target pixel
 */
export function pictureSize(mode, picture, room, density) {
  const limit = Math.min((room.width * density) / picture.width, (room.height * density) / picture.height);
  let scale = 1;
  if (mode !== 'own' && limit > 0) scale = mode === 'fit' && limit >= 1 ? Math.floor(limit) : limit;
  return {
    width: (picture.width * scale) / density,
    height: (picture.height * scale) / density,
    sharp: Number.isInteger(scale),
    scale,
  };
}
