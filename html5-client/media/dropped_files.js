/* What was dropped on the page: files, folders with the files in them, or an address dragged from another page. */

/** @typedef {{name: string, files: File[], skipped: number}} DroppedFolder skipped: folders inside it */
/** @typedef {{files: File[], folders: DroppedFolder[], url: string}} Dropped */

/** @param {DataTransfer|null} data */
export const holdsFiles = (data) => data !== null && [...data.types].some((type) => type === 'Files' || type === 'text/uri-list');

/** Must be called from the drop event itself: its list is gone afterwards. @param {DataTransfer} data @returns {Promise<Dropped>} */
export async function droppedFiles(data) {
  const url = data.getData('text/uri-list').split('\n').find((line) => /^(https?|nbds?):/i.test(line))?.trim() ?? '';
  const items = [...data.items].filter(({ kind }) => kind === 'file').map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  /** @type {Dropped} */
  const dropped = { files: [], folders: [], url };
  for (const { entry, file } of items) {
    if (entry?.isDirectory) dropped.folders.push(await folderOf(/** @type {FileSystemDirectoryEntry} */ (entry)));
    else if (file) dropped.files.push(file);
  }
  if (dropped.files.length || dropped.folders.length) dropped.url = '';
  return dropped;
}

/** @param {FileSystemDirectoryEntry} entry @returns {Promise<DroppedFolder>} */
async function folderOf(entry) {
  const reader = entry.createReader();
  /** @type {FileSystemEntry[]} */
  const entries = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) break;
    entries.push(...some);
  }
  const files = entries.filter(({ isFile }) => isFile).map((one) => fileOf(/** @type {FileSystemFileEntry} */ (one)));
  return { name: entry.name, files: await Promise.all(files), skipped: entries.length - files.length };
}

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** Folders from a picker: every file names its own. @param {Iterable<File>} list @returns {DroppedFolder[]} */
export function pickedFolders(list) {
  /** @type {Map<string, DroppedFolder>} */
  const folders = new Map();
  for (const file of list) {
    const [name, ...rest] = file.webkitRelativePath.split('/');
    const folder = folders.get(name) ?? { name, files: [], skipped: 0 };
    folders.set(name, folder);
    if (rest.length === 1) folder.files.push(file);
    else folder.skipped++;
  }
  return [...folders.values()];
}
